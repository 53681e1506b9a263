import type { Squares } from "@amaas/proto/amaas/parameter_server/v1/parameter_server";
import { expect, test } from "vitest";
import { WeightBuffers } from "./weight-buffers.ts";

const message = (chunk: number, version: number, values: Uint8Array, squares?: Squares) => ({
  chunk,
  version,
  values,
  squares,
});
const bytes = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);

test("a version is there when all shards have handed out all of it", () => {
  const weights = new WeightBuffers(5, 2);
  weights.put(0, message(0, 0, bytes(1, 2)));
  expect(weights.version).toBe(-1);
  weights.put(1, message(0, 0, bytes(3, 4, 5)));
  expect(weights.version).toBe(0);
  expect([...new Float32Array(weights.memory[0])]).toEqual([1, 2, 3, 4, 5]);
});

test("the version in use stays whole while the next one comes in", () => {
  const weights = new WeightBuffers(5, 2);
  for (const version of [0, 1]) {
    weights.put(0, message(0, version, bytes(version, 2)));
    weights.put(1, message(0, version, bytes(3, 4, 5)));
  }
  weights.put(0, message(0, 2, bytes(7, 7)));
  expect(weights.version).toBe(1);
  expect([...new Float32Array(weights.memory[1])]).toEqual([1, 2, 3, 4, 5]);
  expect(weights.lagging()).toEqual({ version: 2, shards: new Set([1]) });
});

test("repeats and old versions change nothing, foreign chunks are refused", () => {
  const weights = new WeightBuffers(5, 2);
  weights.put(0, message(0, 4, bytes(1, 2)));
  weights.put(0, message(0, 4, bytes(9, 9)));
  weights.put(0, message(0, 2, bytes(8, 8)));
  expect([...new Float32Array(weights.memory[0])].slice(0, 2)).toEqual([1, 2]);
  expect(() => weights.put(0, message(1, 4, bytes(1)))).toThrow(/shard 0 sent chunk 1/);
  expect(() => weights.put(1, message(0, 4, bytes(1)))).toThrow(/4 bytes/);
});

test("sums of squares are known once all of a version's are, the same in any order", () => {
  const squaresOf = (version: number, order: readonly number[]) => {
    const weights = new WeightBuffers(5, 2);
    const values = [bytes(1, 2), bytes(3, 4, 5)];
    const squares = [
      { gradient: 0.1, weights: 5, update: 0.01 },
      { gradient: 0.2, weights: 50, update: 0.02 },
    ];
    for (const shard of order) {
      expect(weights.squares(version)).toBeUndefined();
      weights.put(shard, message(0, version, values[shard]!, squares[shard]));
    }
    return weights.squares(version);
  };
  expect(squaresOf(3, [0, 1])).toEqual({ gradient: 0.1 + 0.2, weights: 55, update: 0.03 });
  expect(squaresOf(3, [1, 0])).toEqual(squaresOf(3, [0, 1]));

  const weights = new WeightBuffers(5, 2);
  weights.put(0, message(0, 0, bytes(1, 2)));
  weights.put(1, message(0, 0, bytes(3, 4, 5)));
  expect(weights.squares(0)).toBeUndefined();
});
