/** Samples that say nothing, the same each time. */
import { type Tensor, tensor } from "@amaas/tensor";

/** Nearly normal: four uniform numbers, added. */
export function gaussian(shape: readonly number[]): Tensor<"FP32"> {
  const next = numbers();
  const length = shape.reduce((product, size) => product * size, 1);
  const values = new Float32Array(length);
  for (let i = 0; i < length; i++)
    values[i] = (next() + next() + next() + next() - 2) * Math.sqrt(3);
  return tensor("FP32", shape, values);
}

/** Each class about as often. */
export function classes(rows: number, count: number): Tensor<"INT32"> {
  const next = numbers();
  const labels = Int32Array.from({ length: rows }, () => Math.floor(next() * count));
  return tensor("INT32", [rows], labels);
}

/** Ids from 1 on: 0 is padding. */
export function tokens(shape: readonly [rows: number, places: number], count: number) {
  const ids = classes(shape[0] * shape[1], count - 1).data.map((id) => id + 1);
  return tensor("INT32", shape, ids);
}

/** From 0 to 1: xorshift, which is random enough to keep a processor busy. */
function numbers(): () => number {
  let state = 0x9e3779b9;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
