import { tensor } from "@amaas/tensor";
import fc from "fast-check";
import { expect, test } from "vitest";
import { classify } from "./classification.ts";

test("the largest values of each row, largest first, equal ones as they stand", () => {
  const output = tensor("FP32", [2, 4], Float32Array.of(0.5, 2, 2, -1, 0, 0.25, 7, 1e-7));
  expect(classify("y", output, 3, true)).toEqual(
    tensor(
      "BYTES",
      [2, 3],
      ["2.000000:1", "2.000000:2", "0.500000:0", "7.000000:2", "0.250000:1", "0.000000:3"],
    ),
  );
});

test("a model without a batch dimension has one row, whatever its shape", () => {
  const output = tensor("INT64", [2, 2], BigInt64Array.of(1n, -(2n ** 60n), 2n ** 60n, 3n));
  expect(classify("y", output, 2, false)).toEqual(
    tensor("BYTES", [2], ["1152921504606846976:2", "3:3"]),
  );
});

test("more classes than there are values are all of them, and no number comes last", () => {
  const output = tensor("FP64", [1, 3], Float64Array.of(Number.NaN, Number.NEGATIVE_INFINITY, 1));
  expect(classify("y", output, 9, true).data).toEqual(["1.000000:2", "-inf:1", "nan:0"]);
});

test("however many are asked for, they are the first of all values in their order", () => {
  const value = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constant(Number.NaN));
  fc.assert(
    fc.property(
      fc.array(value, { maxLength: 40 }),
      fc.integer({ min: 1, max: 45 }),
      (all, most) => {
        const rank = (one: number) => (Number.isNaN(one) ? -4 : one);
        const places = all.map((_, place) => place);
        places.sort((left, right) => rank(all[right]!) - rank(all[left]!) || left - right);
        const found = classify(
          "y",
          tensor("FP64", [all.length], Float64Array.from(all)),
          most,
          false,
        );
        const told = (found.data as string[]).map((text) => Number(text.split(":")[1]));
        expect(told).toEqual(places.slice(0, most));
      },
    ),
  );
});

test("classes that have a name tell it", () => {
  const output = tensor("UINT8", [2, 3], Uint8Array.of(1, 2, 3, 3, 2, 1));
  expect(classify("y", output, 2, true, ["cat", "", "dog"]).data).toEqual([
    "3:2:dog",
    "2:1",
    "3:0:cat",
    "2:1",
  ]);
  expect(classify("y", output, 1, true, ["cat"]).data).toEqual(["3:2", "3:0:cat"]);
});

test("no rows have no classes", () => {
  expect(classify("y", tensor("FP32", [0, 3], new Float32Array()), 2, true)).toEqual(
    tensor("BYTES", [0, 0], []),
  );
});

test("what has no order is refused", () => {
  const output = tensor("BYTES", [1], ["a"]);
  expect(() => classify("y", output, 1, false)).toThrow(
    "class result not available for output 'y' due to unsupported type 'BYTES'",
  );
});
