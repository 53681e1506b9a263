import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Arrays,
  bytesPerElement,
  type DataType,
  elementCount,
  type FixedType,
  fromRaw,
  isDataType,
  onnxTypeName,
  onnxTypeOf,
  tensor,
  toRaw,
  typeOfOnnx,
  zeros,
} from "./index.ts";

const sizes: { readonly [T in FixedType]: number } = {
  BOOL: 1,
  UINT8: 1,
  UINT16: 2,
  UINT32: 4,
  UINT64: 8,
  INT8: 1,
  INT16: 2,
  INT32: 4,
  INT64: 8,
  FP16: 2,
  FP32: 4,
  FP64: 8,
};
const fixedTypes = Object.keys(sizes) as FixedType[];
const refused = (message: string) =>
  expect.objectContaining({ code: "invalid-argument", message: expect.stringContaining(message) });

describe("element types", () => {
  test("have their sizes, and text has none", () => {
    for (const type of fixedTypes) expect(bytesPerElement(type)).toBe(sizes[type]);
    expect(() => bytesPerElement("BYTES")).toThrow(refused("BYTES"));
  });

  test("have the numbers of ONNX", () => {
    const numbers = [...fixedTypes, "BYTES" as const].map(onnxTypeOf);
    expect(numbers).toEqual([9, 2, 4, 12, 13, 3, 5, 6, 7, 10, 1, 11, 8]);
    for (const type of [...fixedTypes, "BYTES" as const])
      expect(typeOfOnnx(onnxTypeOf(type))).toBe(type);
    expect(typeOfOnnx(16)).toBeUndefined();
    expect([1, 16, 99].map(onnxTypeName)).toEqual(["FP32", "BFLOAT16", "99 of ONNX"]);
  });

  test("are known by name", () => {
    expect(["FP32", "BYTES", "FLOAT", "toString"].map(isDataType)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

describe("elementCount", () => {
  test("counts", () => {
    expect([[], [3], [2, 3], [2, 0, 2 ** 40]].map(elementCount)).toEqual([1, 3, 6, 0]);
  });

  test.each([[[-1]], [[1.5]], [[Number.NaN]], [[2 ** 30, 2 ** 30]], [[2 ** 60]]])(
    "refuses [%s]",
    (shape) => {
      expect(() => elementCount(shape)).toThrow(refused("shape"));
    },
  );
});

describe("tensor", () => {
  test("refuses elements that do not fill the shape", () => {
    expect(() => tensor("FP32", [2, 2], new Float32Array(3))).toThrow(
      refused("FP32 tensor of shape [2,2] has 4 elements, but 3 were given"),
    );
  });

  test("of zeros, shared or not", () => {
    expect(zeros("INT64", [2]).data).toEqual(BigInt64Array.of(0n, 0n));
    expect(zeros("FP32", [2], { shared: true }).data.buffer).toBeInstanceOf(SharedArrayBuffer);
  });
});

describe("raw form", () => {
  const anyRaw = fc.constantFrom(...fixedTypes).chain((type) =>
    fc.tuple(
      fc.constant(type),
      fc.array(fc.nat(type === "BOOL" ? 1 : 255), { maxLength: 40 }).map((bytes) => {
        const whole = bytes.length - (bytes.length % sizes[type]);
        return Uint8Array.from(bytes.slice(0, whole));
      }),
      fc.nat(8),
      fc.boolean(),
    ),
  );

  test("comes back as it was, at every alignment, shared or not", () => {
    fc.assert(
      fc.property(anyRaw, ([type, bytes, offset, shared]) => {
        const padded = new Uint8Array(offset + bytes.length);
        padded.set(bytes, offset);
        const given = padded.subarray(offset);
        const made = fromRaw(type, [bytes.length / sizes[type]], given, { shared });
        expect(toRaw(made)).toEqual(bytes);
        expect(made.data.buffer instanceof SharedArrayBuffer).toBe(shared);
      }),
    );
  });

  test("is a view where it is aligned, so nothing is copied", () => {
    const bytes = new Uint8Array(16);
    expect(fromRaw("FP32", [4], bytes).data.buffer).toBe(bytes.buffer);
    expect(fromRaw("FP32", [3], bytes.subarray(1, 13)).data.buffer).not.toBe(bytes.buffer);
    const made = tensor("FP32", [1], new Float32Array(bytes.buffer, 4, 1));
    expect(toRaw(made)).toEqual(bytes.subarray(4, 8));
    expect(toRaw(made).buffer).toBe(bytes.buffer);
  });

  test("is copied where it is not aligned, but not before somebody looks", () => {
    const bytes = new Uint8Array(17).fill(1);
    const made = fromRaw("FP32", [4], bytes.subarray(1));
    expect(toRaw(made).buffer).toBe(bytes.buffer);
    made.data[0] = 5;
    expect(fromRaw("FP32", [4], toRaw(made)).data[0]).toBe(5);
    expect(toRaw(made).buffer).toBe(made.data.buffer);
    expect(bytes).toEqual(new Uint8Array(17).fill(1));
    expect(structuredClone(made)).toEqual(tensor("FP32", [4], made.data));
  });

  test("is little-endian", () => {
    expect([...fromRaw("INT32", [1], Uint8Array.of(1, 2, 0, 0)).data]).toEqual([513]);
  });

  test("refuses bytes that do not fit", () => {
    expect(() => fromRaw("FP32", [2], new Uint8Array(7))).toThrow(
      refused("FP32 tensor of shape [2] takes 8 bytes, but 7 were given"),
    );
    expect(() => fromRaw("BOOL", [1], Uint8Array.of(2))).toThrow(refused("0 or 1"));
  });
});

describe("text", () => {
  test("comes back as it was", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme" })), (texts) => {
        const made = tensor("BYTES", [texts.length], texts);
        expect(fromRaw("BYTES", [texts.length], toRaw(made))).toEqual(made);
      }),
    );
  });

  test("has a length of four bytes in front of each", () => {
    expect([...toRaw(tensor("BYTES", [2], ["a", "é"]))]).toEqual([
      1, 0, 0, 0, 97, 2, 0, 0, 0, 195, 169,
    ]);
  });

  test.each([
    ["too few", [2], [1, 0, 0, 0, 97]],
    ["too many", [0], [1, 0, 0, 0, 97]],
    ["a length beyond the end", [1], [9, 0, 0, 0, 97]],
    ["a length cut off", [2], [4, 0, 0, 0, 97, 97, 97, 97, 1, 0]],
    ["a count that cannot be", [2 ** 40], [0, 0, 0, 0]],
  ])("refuses %s", (_, shape, bytes) => {
    expect(() => fromRaw("BYTES", shape, Uint8Array.from(bytes))).toThrow(
      refused("length-prefixed"),
    );
  });

  test("refuses bytes that are no text", () => {
    expect(() => fromRaw("BYTES", [1], Uint8Array.of(1, 0, 0, 0, 0xff))).toThrow(
      refused("element 0 is not UTF-8"),
    );
  });
});

test("the array of a type is the one that the type says", () => {
  const check = <T extends DataType>(type: T, data: Arrays[T]) => tensor(type, [1], data);
  expect(check("INT64", BigInt64Array.of(1n)).data[0]).toBe(1n);
  expect(check("BYTES", ["a"]).data[0]).toBe("a");
});
