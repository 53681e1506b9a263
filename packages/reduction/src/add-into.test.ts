import fc from "fast-check";
import { expect, test } from "vitest";
import { addInto } from "./index.ts";

test("every element is the float sum, whatever the length", () => {
  const vectors = fc.array(fc.tuple(fc.float(), fc.float()), { maxLength: 21 });
  fc.assert(
    fc.property(vectors, (pairs) => {
      const left = Float32Array.from(pairs, ([value]) => value);
      const right = Float32Array.from(pairs, ([, value]) => value);
      const wanted = left.map((value, i) => value + right[i]!);
      addInto(left, right);
      expect(left).toEqual(wanted);
      expect(right).toEqual(Float32Array.from(pairs, ([, value]) => value));
    }),
  );
});
