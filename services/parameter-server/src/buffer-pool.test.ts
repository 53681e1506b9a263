import { expect, test } from "vitest";
import { BufferPool } from "./buffer-pool.ts";

/** A pool of two, both of them reserved, and what takes so many from it. */
function reservedPool() {
  const memory = new Float32Array(6);
  const pool = new BufferPool(2);
  for (const from of [0, 3]) pool.reserve(memory.subarray(from, from + 3));
  const bytes = new Uint8Array(Float32Array.of(1, 2, 3).buffer);
  const take = (count: number) => Array.from({ length: count }, () => pool.take(bytes));
  const isReserved = ({ buffer }: Float32Array) => buffer === memory.buffer;
  return { pool, take, isReserved };
}

test("a buffer holds what it was taken for, and is used again", () => {
  const pool = new BufferPool(1);
  const first = pool.take(new Uint8Array(Float32Array.of(1, 2).buffer));
  expect([...first]).toEqual([1, 2]);
  pool.give(first);
  const again = pool.take(new Uint8Array(Float32Array.of(3, 4).buffer));
  expect(again).toBe(first);
  expect([...again]).toEqual([3, 4]);
});

test("reserved buffers are used first, and all of them again, in whichever order they come back", () => {
  const { pool, take, isReserved } = reservedPool();
  const orders = [
    [2, 3, 4, 0, 1],
    [0, 1, 2, 3, 4],
    [2, 0, 3, 1, 4],
  ];
  for (const order of orders) {
    const taken = take(5);
    expect(taken.map(isReserved)).toEqual([true, true, false, false, false]);
    for (const i of order) pool.give(taken[i] as Float32Array<ArrayBuffer>);
  }
  expect(take(2).every(isReserved)).toBe(true);
});

test("no more are kept than the pool is to hold", () => {
  const { pool, take, isReserved } = reservedPool();
  const first = take(5);
  for (const buffer of first.toReversed()) pool.give(buffer);
  const second = take(5);
  const known = new Set(first);
  expect(second.filter((buffer) => known.has(buffer)).every(isReserved)).toBe(true);
});
