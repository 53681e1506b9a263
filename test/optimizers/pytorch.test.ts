/**
 * Optimizers and schedules against PyTorch's, in float64; FTRL, LAMB and Lion against their papers' algorithms.
 *
 * Ours keeps weights and state in float32 between steps, which is all the difference that there may be.
 */
import { join } from "node:path";
import { clippedDivisor, createOptimizer, learningRate, type Optimizer } from "@amaas/optim";
import { ExactSquares } from "@amaas/reduction";
import { type JobSpec, parseJobSpec } from "@amaas/spec";
import type { Tensor } from "@amaas/tensor";
import { describe, expect, test } from "vitest";
import { type ArrayRef, readPacked } from "../gradients/packed.ts";

interface Header {
  readonly samples: number;
  /** Steps after which the weights were kept. */
  readonly kept: readonly number[];
  /** Where one begins and ends, for optimizers that care. */
  readonly tensors: readonly (readonly [from: number, to: number])[];
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  readonly start: ArrayRef;
  readonly gradients: ArrayRef;
  readonly optimizers: readonly {
    readonly name: string;
    readonly optimizer: object;
    readonly schedule: object;
    readonly start: "zeros" | "start";
    readonly weights: ArrayRef;
  }[];
  readonly averages: readonly {
    readonly optimizer: { readonly type: string };
    readonly averaging: object;
    readonly averages: ArrayRef;
  }[];
  readonly schedules: readonly {
    readonly name: string;
    readonly schedule: object;
    readonly rates: ArrayRef;
  }[];
}

const path = join(import.meta.dirname, "fixtures/optimizers.bin.br");
const { header, array } = readPacked<Header>(path);
const { epochs, stepsPerEpoch, samples, kept, tensors } = header;
const length = { stepsPerEpoch, totalSteps: epochs * stepsPerEpoch };

function trainingOf(optimizer: object, schedule: object, averaging?: object): JobSpec["training"] {
  return parseJobSpec({
    name: "case",
    task: "regression",
    data: { format: "csv", file: "rows.csv", label: "y" },
    architecture: { type: "linear" },
    training: { epochs, batchSize: 8, optimizer, schedule, ...(averaging && { averaging }) },
  }).training;
}

function floats({ data }: Tensor): Float32Array {
  if (data instanceof Float32Array) return data;
  throw new Error("the fixture was made with other types");
}

function divisorOf(gradient: Float32Array, clipNorm: number | undefined): number {
  if (clipNorm === undefined) return samples;
  return clippedDivisor(samples, ExactSquares.of(gradient).value(), clipNorm);
}

/** Largest difference, by the size of what was wanted or of what it came from: near 0 digits are lost. */
function worst(
  found: ArrayLike<number>,
  wanted: readonly number[],
  from: ArrayLike<number> = [],
): number {
  return wanted.reduce((most, value, i) => {
    const difference = Math.abs(found[i]! - value);
    const size = Math.max(Math.abs(value), Math.abs(from[i] ?? 0));
    return difference === 0 ? most : Math.max(most, difference / size);
  }, 0);
}

/** Takes all steps, and calls `check` with what there is after those whose outcome was kept. */
function train(
  optimizer: Optimizer,
  weights: Float32Array,
  clipNorm: number | undefined,
  check: (slots: readonly Float32Array[], seen: number) => void,
): void {
  const count = weights.length;
  const slots = Array.from({ length: optimizer.slots }, () => new Float32Array(count));
  const gradients = floats(array(header.gradients));
  let scalars = optimizer.scalars();
  let seen = 0;
  for (let step = 0; step < gradients.length / count; step++) {
    scalars = optimizer.advance(scalars);
    const gradient = gradients.slice(step * count, (step + 1) * count);
    const divisor = divisorOf(gradient, clipNorm);
    optimizer.direct?.({ weights, gradient, slots }, divisor, scalars);
    for (const [from, to] of optimizer.direct ? tensors : [[0, count] as const]) {
      const of = (vector: Float32Array) => vector.subarray(from, to);
      const range = { weights: of(weights), gradient: of(gradient), slots: slots.map(of) };
      optimizer.update(range, divisor, scalars, {
        weights: ExactSquares.of(range.weights).value(),
        direction: ExactSquares.of(range.gradient).value(),
      });
    }
    if (kept[seen] === step + 1) check(slots, seen++);
  }
  expect(seen).toBe(kept.length);
}

const given = floats(array(header.start));

describe.each(header.optimizers)("$name", ({ optimizer: spec, schedule, start, weights: ref }) => {
  test("has PyTorch's weights after every step", () => {
    const training = trainingOf(spec, schedule);
    const optimizer = createOptimizer(training.optimizer, learningRate(training, length));
    const initial = start === "zeros" ? new Float32Array(given.length) : given;
    const weights = initial.slice();
    const count = weights.length;
    const wanted = Array.from(array(ref).data, Number);
    train(optimizer, weights, training.optimizer.clipNorm, (_, seen) => {
      const those = wanted.slice(seen * count, (seen + 1) * count);
      expect(worst(weights, those, initial)).toBeLessThan(1e-6);
    });
  });
});

test.each(header.averages)("$averaging of $optimizer.type has PyTorch's averages", (one) => {
  const training = trainingOf(one.optimizer, { type: "constant" }, one.averaging);
  const rate = learningRate(training, length);
  const optimizer = createOptimizer(training.optimizer, rate, training.averaging);
  const wanted = Array.from(array(one.averages).data, Number);
  const weights = given.slice();
  train(optimizer, weights, undefined, (slots, seen) => {
    const those = wanted.slice(seen * weights.length, (seen + 1) * weights.length);
    expect(worst(slots.at(-1) ?? [], those, given)).toBeLessThan(1e-6);
  });
});

test.each(header.schedules)("$name has PyTorch's learning rates", ({ schedule, rates }) => {
  const training = trainingOf({ type: "sgd", learningRate: 0.1 }, schedule);
  const rate = learningRate(training, length);
  const wanted = Array.from(array(rates).data, Number);
  expect(wanted).toHaveLength(length.totalSteps);
  const found = wanted.map((_, step) => rate(step));
  expect(worst(found, wanted)).toBeLessThan(1e-10);
});
