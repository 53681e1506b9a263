/** The learning rate on a plateau against PyTorch's ReduceLROnPlateau, over 60 epochs of several courses. */
import { join } from "node:path";
import { afterEpoch, learningRate, type PlateauSpec, plateauAtFirst } from "@amaas/optim";
import { parseJobSpec } from "@amaas/spec";
import { expect, test } from "vitest";
import { type ArrayRef, readPacked } from "../gradients/packed.ts";

interface Case {
  readonly name: string;
  readonly spec: object;
  /** Of the metric, after each epoch. */
  readonly values: ArrayRef;
  readonly rates: ArrayRef;
}

const path = join(import.meta.dirname, "fixtures/plateau.bin.br");
const { header, array } = readPacked<{ readonly cases: readonly Case[] }>(path);

function trainingOf(schedule: object) {
  return parseJobSpec({
    name: "case",
    task: "regression",
    data: { format: "csv", file: "rows.csv", label: "y" },
    architecture: { type: "linear" },
    training: {
      epochs: 60,
      batchSize: 8,
      optimizer: { type: "sgd", learningRate: 0.1 },
      schedule: { type: "plateau", ...schedule },
    },
  }).training;
}

test.each(header.cases)("$name: $spec", ({ spec, values, rates }) => {
  const training = trainingOf(spec);
  const wanted = Array.from(array(rates).data, Number);
  let plateau = plateauAtFirst;
  const found = Array.from(array(values).data, Number).map((value) => {
    plateau = afterEpoch(training.schedule as PlateauSpec, plateau, value);
    return plateau.share * training.optimizer.learningRate;
  });
  expect(found).toHaveLength(60);
  found.forEach((rate, epoch) => {
    expect(Math.abs(rate / (wanted[epoch] ?? 0) - 1), `epoch ${epoch}`).toBeLessThan(1e-12);
  });
});

test("the courses make many cuts, and reach the end where there is one", () => {
  const all = header.cases.map(({ rates }) => new Set(Array.from(array(rates).data, Number)).size);
  expect(all.reduce((sum, count) => sum + count - 1, 0)).toBeGreaterThan(100);
});

test("a warm-up goes in front, and before any cut the rate is the optimizer's", () => {
  const rate = learningRate(trainingOf({ warmup: { length: 1, from: 0.5 } }), {
    stepsPerEpoch: 2,
    totalSteps: 120,
  });
  expect([0, 1, 2, 100].map(rate)).toEqual([0.05, 0.07500000000000001, 0.1, 0.1]);
});
