import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cases, trainingOf } from "./cases.fixture.ts";
import { createOptimizer } from "./index.ts";
import { inJavaScript, sameBits } from "./kernel/in-javascript.fixture.ts";
import type { ParameterRange, Scalars } from "./optimizer.ts";
import { ruleOf } from "./optimizers.ts";
import type { Phase } from "./rule.ts";

const averaging = { type: "ema", decay: 0.9, warmup: true } as const;
/** A turn of a kernel's loop, and some elements that are less than one. */
const LENGTH = 11;
const SAMPLES = 3;
const squares = { weights: 2, direction: 5 };
/** Anything that a float32 can be. */
const vector = fc.array(fc.float(), { minLength: LENGTH, maxLength: LENGTH });
const vectors = fc.array(vector, { minLength: 6, maxLength: 6 });

describe.each(cases)("%s", (_, spec) => {
  test.each([undefined, averaging])(
    "an update is its formulas in JavaScript, bit for bit, averaging %o",
    (mean) => {
      const rule = ruleOf(spec, undefined, mean);
      const optimizer = createOptimizer(spec, undefined, mean);
      const names = ["w", "gradient", ...rule.slots];
      // Of the second step, since averages begin with the first.
      const scalars = rule.advance(rule.advance(rule.scalars()));
      const reserved = optimizer.reserve(LENGTH);

      const compute = ({ formulas, numbers }: Phase, all: readonly Float32Array[]) => {
        const named = Object.fromEntries(names.map((name, at) => [name, all[at]!]));
        inJavaScript(formulas, named, { ...numbers(scalars, squares), scale: 1 / SAMPLES });
      };
      fc.assert(
        fc.property(vectors, (values) => {
          const theirs = names.map((_, at) => Float32Array.from(values[at]!));
          const elsewhere = rangeOf(theirs.map((each) => each.slice()));
          allOf(reserved).forEach((each, at) => {
            each.set(theirs[at]!);
          });
          if (rule.direct) compute(rule.direct, theirs);
          compute(rule.update, theirs);
          for (const range of [reserved, elsewhere]) {
            step(range, scalars);
            const same = allOf(range).map((each, at) => sameBits(each, theirs[at]!));
            expect(same).toEqual(names.map(() => true));
          }
        }),
        { numRuns: 100 },
      );

      function step(range: ParameterRange, scalars: Scalars): void {
        optimizer.direct?.(range, SAMPLES, scalars);
        optimizer.update(range, SAMPLES, scalars, squares);
      }
    },
  );
});

describe("formulas that take fewer instructions than the plain ones give the same bits", () => {
  const positive = fc.double({ min: 2 ** -1074, max: 1000, noNaN: true });
  const odd = fc.constantFrom(0, -0, NaN, Infinity, -Infinity, 2 ** -149, -(2 ** -149));
  const some = fc.array(fc.oneof(fc.float(), odd), { minLength: 8, maxLength: 8 });
  const four = fc.tuple(some, some, some, some);

  function same(spec: object, values: readonly number[][], plainly: (lines: string) => string) {
    const rule = ruleOf(trainingOf(spec).optimizer);
    const { formulas } = rule.update;
    const plain = plainly(formulas.join("\n")).split("\n");
    expect(plain).not.toEqual(formulas);
    const scalars = rule.advance(rule.advance(rule.scalars()));
    const numbers = { ...rule.update.numbers(scalars), scale: 1 / SAMPLES };
    const names = ["w", "gradient", ...rule.slots];
    const [mine, theirs] = [formulas, plain].map((lines) => {
      const all = names.map((name, at) => [name, Float32Array.from(values[at]!)] as const);
      inJavaScript(lines, Object.fromEntries(all), numbers);
      return all;
    });
    expect(mine!.map(([, each], at) => sameBits(each, theirs![at]![1]))).toEqual(
      names.map(() => true),
    );
  }

  test("of an L1 penalty", () => {
    const plainly = (lines: string) =>
      lines.replace(/pull = .*g = fround[^\n]*/s, "g = fround(g + penalty * sign(w))");
    fc.assert(
      fc.property(four, positive, fc.option(positive), (values, l1, clipValue) => {
        const clipping = clipValue ? { clipValue } : {};
        same({ type: "sgd", learningRate: 0.1, l1, ...clipping }, values, plainly);
      }),
    );
    fc.assert(
      fc.property(four, (values) =>
        same({ type: "sgd", learningRate: 0.1, clipValue: 1 }, values, plainly),
      ),
    );
  });

  test("of ftrl", () => {
    const plainly = (lines: string) =>
      lines.replace(
        /nearest = .*/s,
        "beyond = abs(z) - l1\nw = beyond <= 0 ? 0 : (-sign(z) * beyond) / (inverse + l2)",
      );
    const rate = fc.constantFrom(0.01, 0.5, 1);
    fc.assert(
      fc.property(four, rate, fc.oneof(fc.constant(0), positive), (values, learningRate, l1) =>
        same({ type: "ftrl", learningRate, l1 }, values, plainly),
      ),
    );
  });
});

const allOf = ({ weights, gradient, slots }: ParameterRange) => [weights, gradient, ...slots];
const rangeOf = ([weights, gradient, ...slots]: readonly Float32Array[]): ParameterRange => ({
  weights: weights!,
  gradient: gradient!,
  slots,
});

test("what was reserved before is updated as any other", () => {
  const [, spec] = cases.find(([, { type }]) => type === "adam")!;
  const optimizer = createOptimizer(spec);
  const [first, second] = [optimizer.reserve(3), optimizer.reserve(3)];
  const scalars = optimizer.advance(optimizer.scalars());
  for (const range of [first, second]) {
    range.gradient.fill(1);
    optimizer.update(range, 1, scalars);
  }
  expect(first).toEqual(second);
  expect(first.weights[0]).toBeLessThan(0);
});

test("spare vectors are none where they would not fit beside the others", () => {
  const optimizer = createOptimizer(cases[0]![1]);
  expect(optimizer.reserve(5, 2).spare).toEqual([new Float32Array(5), new Float32Array(5)]);
  // Of which nothing is touched.
  const { weights, spare } = optimizer.reserve(2 ** 29 - 2 ** 20, 1);
  expect([weights.length, spare]).toEqual([2 ** 29 - 2 ** 20, []]);
});

test("where no memory for kernels is large enough, parameters are in memory as any other", () => {
  const optimizer = createOptimizer(cases[0]![1]);
  // Of which nothing is touched but the end.
  const range = optimizer.reserve(2 ** 29 + 1);
  const of = (each: Float32Array) => each.subarray(-1);
  range.gradient[2 ** 29] = 1;
  optimizer.update(
    { weights: of(range.weights), gradient: of(range.gradient), slots: [] },
    1,
    optimizer.advance(optimizer.scalars()),
  );
  expect(range.weights[2 ** 29]).toBe(Math.fround(-0.1));
});
