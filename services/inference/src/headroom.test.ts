import { expect, test } from "vitest";
import { type Cost, headroom, type Resources } from "./headroom.ts";
import { PaceMeter } from "./pace.ts";

/** 2 ms a batch and 1 ms a row; of 100 batches, one takes a quarter longer. */
const cost: Cost = {
  known: true,
  ms: (rows) => 2 + rows,
  rowsWithin: (ms) => Math.max(1, Math.floor(ms / 1.25 - 2)),
};
const resources: Resources = {
  memoryBytes: 0,
  quarantined: false,
  instances: 1,
  maxRows: 8,
  targetP99Ms: undefined,
  cost,
};
const idle = { rate: 0, rowsPerRequest: 1 };

test("without a target it is what full batches make, less what is taken", () => {
  expect(headroom(resources, idle)).toBe(800);
  expect(headroom(resources, { rate: 300, rowsPerRequest: 1 })).toBe(500);
  expect(headroom(resources, { rate: 900, rowsPerRequest: 1 })).toBe(0);
  expect(headroom({ ...resources, instances: 2 }, idle)).toBe(1600);
});

test("it counts requests, of the size that they have", () => {
  expect(headroom(resources, { rate: 0, rowsPerRequest: 4 })).toBe(200);
  // Larger than a batch: each alone, 16 rows in 18 ms.
  expect(headroom(resources, { rate: 0, rowsPerRequest: 16 })).toBeCloseTo(1000 / 18, 9);
});

test("two batches have to fit into the target", () => {
  // In 10 ms a batch of 6 rows.
  expect(headroom({ ...resources, targetP99Ms: 20 }, idle)).toBe(750);
  expect(headroom({ ...resources, targetP99Ms: 1000 }, idle)).toBe(800);
  // Single rows take 3 ms.
  expect(headroom({ ...resources, targetP99Ms: 4 }, idle)).toBeCloseTo(1000 / 3, 9);
  expect(headroom({ ...resources, targetP99Ms: 2.9 }, idle)).toBe(0);
});

test("before the first run nothing can be told", () => {
  expect(headroom({ ...resources, cost: { ...cost, known: false } }, idle)).toBeUndefined();
});

test("a pace follows what happens, and forgets it", () => {
  const meter = new PaceMeter();
  meter.tell(0, 1);
  expect(meter.rate).toBe(0);
  meter.tell(100, 1);
  expect(meter.rate).toBe(100);
  for (let second = 1; second <= 60; second++) meter.tell(100 + 20 * second, 1);
  expect(meter.rate).toBeCloseTo(20, 0);
  for (let second = 0; second < 300; second++) meter.tell(1300, 1);
  expect(meter.rate).toBe(0);
});
