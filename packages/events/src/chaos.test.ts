import { describe, expect, test } from "vitest";
import { Chaos, type ChaosOptions } from "./chaos.ts";

const numbers = Array.from({ length: 2000 }, (_, i) => i);

function through(options: ChaosOptions, stream = 0): number[] {
  const chaos = new Chaos<number>(options, stream);
  return [...numbers.flatMap((n) => chaos.pass(n)), ...chaos.flush()];
}

const calm = { seed: 7, drop: 0, repeat: 0, reorder: 0 };
const storm = { seed: 7, drop: 0.2, repeat: 0.2, reorder: 0.2 };

test("without shares everything passes as it came", () => {
  expect(through(calm)).toEqual(numbers);
});

test("the same seed does the same, another seed or stream does not", () => {
  expect(through(storm)).toEqual(through(storm));
  expect(through({ ...storm, seed: 8 })).not.toEqual(through(storm));
  expect(through(storm, 1)).not.toEqual(through(storm));
});

describe("each share does what it says and nothing else", () => {
  test("drop", () => {
    const passed = through({ ...calm, drop: 0.25 });
    expect(passed.length).toBeGreaterThan(1400);
    expect(passed.length).toBeLessThan(1600);
    expect(passed).toEqual([...new Set(passed)].sort((a, b) => a - b));
    expect(through({ ...calm, drop: 1 })).toEqual([]);
  });

  test("repeat", () => {
    const passed = through({ ...calm, repeat: 0.25 });
    expect(passed.length).toBeGreaterThan(2400);
    expect(passed.length).toBeLessThan(2600);
    expect([...new Set(passed)]).toEqual(numbers);
  });

  test("reorder: nothing is lost, and nothing is late by more than four", () => {
    const passed = through({ ...calm, reorder: 0.25 });
    expect(passed.toSorted((a, b) => a - b)).toEqual(numbers);
    expect(passed).not.toEqual(numbers);
    const lateness = passed.map((n, position) => position - n);
    expect(Math.max(...lateness)).toBeGreaterThan(1);
    expect(Math.max(...lateness)).toBeLessThanOrEqual(8);
  });
});

test("together they lose, repeat and reorder", () => {
  const passed = through(storm);
  expect(new Set(passed).size).toBeLessThan(numbers.length);
  expect(passed.length).toBeGreaterThan(new Set(passed).size);
  expect(passed).not.toEqual(passed.toSorted((a, b) => a - b));
});
