import { expect, test } from "vitest";
import { WeightBuffers } from "./weight-buffers.ts";

const bytes = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);

test("a version is there when all shards have handed out all of it", () => {
  const weights = new WeightBuffers(5, 2);
  weights.put(0, 0, 0, bytes(1, 2));
  expect(weights.version).toBe(-1);
  weights.put(1, 0, 0, bytes(3, 4, 5));
  expect(weights.version).toBe(0);
  expect([...new Float32Array(weights.memory[0])]).toEqual([1, 2, 3, 4, 5]);
});

test("the version in use stays whole while the next one comes in", () => {
  const weights = new WeightBuffers(5, 2);
  for (const version of [0, 1]) {
    weights.put(0, 0, version, bytes(version, 2));
    weights.put(1, 0, version, bytes(3, 4, 5));
  }
  weights.put(0, 0, 2, bytes(7, 7));
  expect(weights.version).toBe(1);
  expect([...new Float32Array(weights.memory[1])]).toEqual([1, 2, 3, 4, 5]);
  expect(weights.lagging()).toEqual({ version: 2, shards: new Set([1]) });
});

test("repeats and old versions change nothing, foreign chunks are refused", () => {
  const weights = new WeightBuffers(5, 2);
  weights.put(0, 0, 4, bytes(1, 2));
  weights.put(0, 0, 4, bytes(9, 9));
  weights.put(0, 0, 2, bytes(8, 8));
  expect([...new Float32Array(weights.memory[0])].slice(0, 2)).toEqual([1, 2]);
  expect(() => weights.put(0, 1, 4, bytes(1))).toThrow(/shard 0 sent chunk 1/);
  expect(() => weights.put(1, 0, 4, bytes(1))).toThrow(/4 bytes/);
});
