import { type DataType, fromRaw, tensor, toRaw } from "@amaas/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Json, parseJson } from "./json.ts";
import { readElements, writeElements } from "./json-tensor.ts";

const read = (type: DataType, data: readonly Json[], count = data.length) => [
  ...fromRaw(type, [count], readElements(type, data, count, "input 'x'")).data,
];

const anyBytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const sizes: { readonly [T in Exclude<DataType, "BYTES" | "BOOL">]: number } = {
  ...{ UINT8: 1, UINT16: 2, UINT32: 4, UINT64: 8, INT8: 1, INT16: 2, INT32: 4, INT64: 8 },
  ...{ FP16: 2, FP32: 4, FP64: 8 },
};

describe("any elements are written and read to the same values", () => {
  test.each(Object.entries(sizes))("%s", (name, size) => {
    const type = name as DataType;
    fc.assert(
      fc.property(anyBytes(size * 5), (raw) => {
        const text = `{"data":${writeElements(type, [5], raw)}}`;
        const data = parseJson(Buffer.from(text), "it").exact().data as readonly Json[];
        const back = readElements(type, data, 5, "it");
        // 0 has one form in JSON, and what is no number has one.
        const numbers = (bytes: Uint8Array) =>
          JSON.parse(writeElements(type, [5], bytes).replaceAll(/-?(NaN|Infinity)/g, '"$&"'));
        expect(numbers(back)).toEqual(numbers(raw));
      }),
    );
  });

  test("BYTES", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme" })), (texts) => {
        const raw = toRaw(tensor("BYTES", [texts.length], texts));
        const data = JSON.parse(writeElements("BYTES", [texts.length], raw));
        expect(Buffer.from(readElements("BYTES", data, texts.length, "it"))).toEqual(
          Buffer.from(raw),
        );
      }),
    );
  });
});

test("64-bit integers are exact at both ends", () => {
  const raw = new Uint8Array(new BigInt64Array([-(2n ** 63n), 2n ** 63n - 1n]).buffer);
  expect(writeElements("INT64", [2], raw)).toBe("[-9223372036854775808,9223372036854775807]");
  expect(read("INT64", ["-9223372036854775808", "9223372036854775807", 7])).toEqual([
    -(2n ** 63n),
    2n ** 63n - 1n,
    7n,
  ]);
  expect(read("UINT64", ["18446744073709551615"])).toEqual([2n ** 64n - 1n]);
});

test("arrays may be nested as the shape is, or otherwise", () => {
  expect(
    read(
      "INT32",
      [
        [1, 2],
        [3, [4]],
      ],
      4,
    ),
  ).toEqual([1, 2, 3, 4]);
  expect(read("BOOL", [true, [0, 1], false], 4)).toEqual([1, 0, 1, 0]);
});

test.each<[DataType, readonly Json[], string]>([
  ["UINT8", [256], "found 256 in input 'x', wanted UINT8"],
  ["UINT8", [-1], "found -1"],
  ["INT8", [1.5], "found 1.5"],
  ["INT32", ["1"], 'found "1"'],
  ["INT64", ["9223372036854775808"], "wanted INT64"],
  ["INT64", [2 ** 60], "wanted INT64"],
  ["INT64", ["0x10"], "wanted INT64"],
  ["UINT64", [-1], "found -1"],
  ["FP32", [null], "found null"],
  ["FP32", ["nan"], 'found "nan"'],
  ["BOOL", [2], "found 2"],
  ["BYTES", [1], "found 1"],
  ["FP32", [{}], "found an object"],
])("%s does not hold %j", (type, data, why) => {
  expect(() => read(type, data)).toThrow(why);
});

test("neither more nor fewer elements than the shape has", () => {
  expect(() => read("FP32", [1, 2], 1)).toThrow("has more than 1 elements");
  expect(() => read("FP32", [[1], []], 2)).toThrow("has 1 of 2 elements");
});

test("nesting that nobody means is refused before it fills the stack", () => {
  const deep = JSON.parse(`${"[".repeat(100_000)}1${"]".repeat(100_000)}`);
  expect(() => read("FP32", deep, 1)).toThrow("is nested more than 64 deep");
});
