/** The weights of the model fixtures, and what is kept of their gradients, as `python/generated.py` makes both. */
import { bits, hashKey, uniform } from "@amaas/random";
import { elementCount, type Tensor } from "@amaas/tensor";

export interface GeneratedSpec {
  readonly shape: readonly number[];
  readonly offset: number;
  readonly spread: number;
}

/** Float32 numbers evenly spread about the offset. */
export function generated(
  model: string,
  name: string,
  { shape, offset, spread }: GeneratedSpec,
): Tensor<"FP32"> {
  const key = hashKey("weights", model, name);
  const data = new Float32Array(elementCount(shape));
  for (let at = 0; at < data.length; at++) data[at] = offset + (2 * uniform(key, at) - 1) * spread;
  return { type: "FP32", shape, data };
}

const probeCount = 16;

/** Dot products with vectors of seeded signs: a block of 128 bits has sixteen signs for each of eight elements. */
export function probes(name: string, values: ArrayLike<number>): readonly number[] {
  const key = hashKey("probes", name);
  const sums = new Array<number>(probeCount).fill(0);
  let block = bits(key, 0);
  for (let at = 0; at < values.length; at++) {
    if (at % 8 === 0) block = bits(key, at / 8);
    const word = block[(at >> 1) & 3]!;
    const signs = at % 2 === 0 ? word : word >>> 16;
    const value = values[at]!;
    for (let probe = 0; probe < probeCount; probe++)
      sums[probe]! += (signs >>> probe) & 1 ? value : -value;
  }
  return sums;
}

/** The Euclidean norm. */
export function norm(values: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at]! ** 2;
  return Math.sqrt(sum);
}
