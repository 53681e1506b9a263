/**
 * How the rules of a family are judged: inputs of many shapes for each operator, and questions to each case.
 * Does the derived gradient agree with central differences, does its own gradient, forward mode with reverse mode,
 * and does the stock engine give the same numbers?
 */
import type { GraphBuilder, NDArray, Value } from "@amaas/graph";
import { ndarray } from "@amaas/graph";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import {
  array,
  type Build,
  type Case,
  expectForwardMode,
  expectGradients,
  expectSameOnEngine,
  expectSecondGradients,
} from "../oracle.fixture.ts";

/** Numbers away from 0 and from each other's neighbourhood, where kinks would fool a difference. */
export const away = fc.integer({ min: 1, max: 40 }).map((n) => n / 16 + 1 / 64);
export const signed = fc.tuple(away, fc.boolean()).map(([n, minus]) => (minus ? -n : n));

export const size = fc.integer({ min: 1, max: 3 });
export const shapes = fc.array(
  fc.oneof({ weight: 12, arbitrary: size }, { weight: 1, arbitrary: fc.constant(0) }),
  {
    maxLength: 3,
  },
);

export function arrays(
  shape: readonly number[],
  elements: fc.Arbitrary<number> = signed,
): fc.Arbitrary<NDArray> {
  const count = shape.reduce((product, n) => product * n, 1);
  return fc
    .array(elements, { minLength: count, maxLength: count })
    .map((data) => array(shape, data));
}

/**
 * Arrays whose elements all differ by more than a difference step. The more there are, the closer they are:
 * where some are huge, rounding hides the slopes of the others.
 */
export function distinct(shape: readonly number[]): fc.Arbitrary<NDArray> {
  const count = shape.reduce((product, n) => product * n, 1);
  const apart = Math.min(1 / 8, Math.max(10 / count, 1 / 200));
  return fc
    .shuffledSubarray([...Array(count).keys()], { minLength: count, maxLength: count })
    .map((order) =>
      array(
        shape,
        order.map((n) => n * apart - 0.9),
      ),
    );
}

/** Two shapes that broadcast against each other: axes are left out in front or are 1. */
export const broadcasting = shapes.chain((shape) => {
  const smaller = fc
    .tuple(fc.nat(shape.length), fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }))
    .map(([gone, flat]) => shape.slice(gone).map((n, axis) => (flat[axis] ? 1 : n)));
  return fc.tuple(smaller, smaller, fc.constant(shape));
});

export function unary(apply: (g: GraphBuilder, x: Value) => Value, elements = signed) {
  const build: Build = (g, [x]) => apply(g, x!);
  return shapes
    .chain((shape) => arrays(shape, elements))
    .map((x): Case => ({ build, inputs: [x] }));
}

export function binary(
  apply: (g: GraphBuilder, a: Value, b: Value) => Value,
  left = signed,
  right = signed,
) {
  const build: Build = (g, [a, b]) => apply(g, a!, b!);
  return broadcasting
    .chain(([a, b]) => fc.tuple(arrays(a, left), arrays(b, right)))
    .map(([a, b]): Case => ({ build, inputs: [a, b] }));
}

/** A condition that follows from an input, so that nothing but the operator itself is judged. */
export const positive = (g: GraphBuilder, x: Value) => g.greater(x, g.scalar(0, x));

export const full = fc.array(size, { maxLength: 3 });

export const ranked = fc.array(size, { minLength: 1, maxLength: 3 });

export function alongAxis(
  apply: (g: GraphBuilder, x: Value, axis: number) => Value,
): fc.Arbitrary<Case> {
  return ranked.chain((shape) =>
    fc
      .tuple(distinct(shape), fc.integer({ min: -shape.length, max: shape.length - 1 }))
      .map(([x, axis]): Case => ({ build: (g, [a]) => apply(g, a!, axis), inputs: [x] })),
  );
}

export function indices(shape: readonly number[], bound: number): fc.Arbitrary<NDArray> {
  const count = shape.reduce((product, n) => product * n, 1);
  return fc
    .array(fc.integer({ min: -bound, max: bound - 1 }), { minLength: count, maxLength: count })
    .map((data) => ndarray("INT64", shape, data));
}

/** Steps and constants, of one input: what is multiplied by one has that as its slope, and nothing flows through it. */
export type Flat = (g: GraphBuilder, x: Value) => Value;

/** In as many forms as the operator's attributes and shapes allow. */
export type Smooth = fc.Arbitrary<Case>;

interface Runs {
  readonly differences?: number;
  readonly second?: number;
  readonly engine?: number;
}

/**
 * Judges every operator of a family. Second derivatives are judged too, except of the operators in `once`: those
 * whose slope has steps where a difference would cross one.
 */
export function judge<Family extends object>(
  family: Family,
  cases: { readonly [O in keyof Family]: Smooth | Flat },
  {
    once = [],
    runs = {},
  }: { readonly once?: readonly (keyof Family)[]; readonly runs?: Runs } = {},
): void {
  // Machines that run many tests at once are slow.
  vi.setConfig({ testTimeout: 120_000 });
  test("every operator is judged", () => {
    expect(Object.keys(cases).sort()).toEqual(Object.keys(family).sort());
  });
  for (const [op, given] of Object.entries<Smooth | Flat>(cases))
    describe(op, () => {
      if (typeof given === "function") judgeFlat(given);
      else judgeSmooth(given, !(once as readonly string[]).includes(op), runs);
    });
}

function judgeSmooth(
  cases: Smooth,
  twice: boolean,
  { differences = 40, second = 8, engine = 5 }: Runs,
): void {
  test("agrees with central differences", () => {
    fc.assert(
      fc.property(cases, (given) => expectGradients(given)),
      { numRuns: differences },
    );
  });

  test.runIf(twice)("has a gradient that agrees with them too", () => {
    fc.assert(
      fc.property(cases, (given) => expectSecondGradients(given)),
      { numRuns: second },
    );
  });

  test.runIf(twice)("carries a direction forward as it carries a gradient back", () => {
    fc.assert(
      fc.property(cases, (given) => expectForwardMode(given)),
      { numRuns: second },
    );
  });

  test("gives the same on the engine", async () => {
    await fc.assert(
      fc.asyncProperty(cases, (given) => expectSameOnEngine(given)),
      { numRuns: engine },
    );
  });
}

function judgeFlat(apply: Flat): void {
  const build: Build = (g, [x]) => {
    const steps = g.cast(apply(g, x!), "FP64");
    const sum = g.reduceSum(steps, undefined, { keepdims: false });
    return g.mul(x!, g.mul(sum, g.scalar(1 / 64, sum)));
  };
  const cases = ranked.chain(distinct).map((x): Case => ({ build, inputs: [x] }));

  test("lets no gradient through", () => {
    fc.assert(
      fc.property(cases, (given) => expectGradients(given)),
      { numRuns: 20 },
    );
  });
}
