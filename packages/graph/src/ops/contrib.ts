/** Operators of com.microsoft, onnxruntime's own, that turn text into numbers and words. */
import { misfit } from "../misfit.ts";
import { type NDArray, ndarray, numbersOf } from "../ndarray.ts";
import { fallback, operator, optional, required } from "../operator.ts";
import { unknownDimension } from "../shape.ts";
import { textsOf } from "./texts.ts";
import { want } from "./type-classes.ts";

const encoder = new TextEncoder();

/** What is hashed of each element: a text in UTF-8, a number little-endian. */
function bytesOf(x: NDArray): readonly Uint8Array[] {
  if (x.type === "BYTES") return textsOf(x).map((text) => encoder.encode(text));
  return Array.from(numbersOf(x), (value) =>
    x.type === "INT64"
      ? new Uint8Array(BigInt64Array.of(BigInt(value)).buffer)
      : new Uint8Array(Int32Array.of(value).buffer),
  );
}

/** MurmurHash3 of 32 bits (Appleby, 2011), as a number with a sign. */
export function murmur(bytes: Uint8Array, seed: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const whole = bytes.byteLength & ~3;
  let hash = seed;
  for (let at = 0; at < whole; at += 4) {
    hash ^= scrambled(view.getUint32(at, true));
    hash = Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64;
  }
  let tail = 0;
  for (let at = bytes.byteLength - 1; at >= whole; at--) tail = (tail << 8) | bytes[at]!;
  hash ^= scrambled(tail) ^ bytes.byteLength;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

function scrambled(word: number): number {
  const mixed = Math.imul(word, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}

/** The words of each text, all lists as long as the longest. */
function padded(lists: readonly (readonly string[])[], pad: string) {
  const width = Math.max(0, ...lists.map(({ length }) => length));
  const data = lists.flatMap((list) => [...list, ...Array(width - list.length).fill(pad)]);
  return { width, data };
}

export const contrib = {
  MurmurHash3: operator({
    inputs: ["X"],
    outputs: ["Y"],
    attributes: { positive: fallback("int", 1), seed: fallback("int", 0) },
    infer({ x: [x], attributes: { positive } }) {
      if (!["BYTES", "INT32", "INT64"].includes(x.type))
        misfit(`X is ${x.type}, BYTES, INT32 or INT64 is wanted`);
      return [{ type: positive === 1 ? "UINT32" : "INT32", shape: x.shape }];
    },
    evaluate({ x: [x], attributes: { positive, seed } }) {
      const hashes = bytesOf(x).map((bytes) => murmur(bytes, seed));
      return positive === 1
        ? [
            ndarray(
              "UINT32",
              x.shape,
              hashes.map((hash) => hash >>> 0),
            ),
          ]
        : [ndarray("INT32", x.shape, hashes)];
    },
  }),

  Tokenizer: operator({
    inputs: ["X"],
    outputs: ["Y"],
    attributes: {
      mark: required("int"),
      mincharnum: required("int"),
      pad_value: required("string"),
      separators: optional("strings"),
      tokenexp: optional("string"),
    },
    infer({ x: [x], attributes: { mark, separators, tokenexp } }) {
      want("BYTES", "X", x);
      if (mark !== 0 || separators || tokenexp === undefined)
        misfit("only tokens by tokenexp, without marks, are described here");
      return [{ type: "BYTES", shape: x.shape && [...x.shape, unknownDimension] }];
    },
    evaluate({ x: [x], attributes: { tokenexp = "", mincharnum, pad_value } }) {
      const word = new RegExp(tokenexp, "gu");
      const lists = textsOf(x).map((text) =>
        Array.from(text.matchAll(word), ([found]) => found).filter(
          (found) => [...found].length >= mincharnum,
        ),
      );
      const { width, data } = padded(lists, pad_value);
      return [ndarray("BYTES", [...x.shape, width], data)];
    },
  }),
};
