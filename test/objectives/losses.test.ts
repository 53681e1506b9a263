/**
 * Losses and their gradients against PyTorch's: the reference interpreter in float64, and the stock
 * onnxruntime in float32.
 */
import { openSession } from "@amaas/engine";
import { evaluate, type NDArray, ndarray, writeModel } from "@amaas/graph";
import { classWeights, trainingGraph } from "@amaas/nn";
import { isLossOf, type Task } from "@amaas/spec";
import type { Tensor } from "@amaas/tensor";
import { describe, expect, test } from "vitest";
import { difference } from "../gradients/close.ts";
import { type Feeds, fixture, type LossCase, microBatchOf, shiftNetwork } from "./fixture.ts";

const { losses, weights } = fixture.header;

function taskOf(loss: LossCase["loss"]): Task {
  return isLossOf("classification", loss) ? "classification" : "regression";
}

/** Two rows of padding behind the case's own, with numbers in them. */
function problemOf({ loss, weights: byClass, ...refs }: LossCase) {
  const [outputs, labels] = [fixture.array(refs.outputs), fixture.array(refs.labels)];
  const batch = labels.data.length + 2;
  const network = shiftNetwork(batch, outputs.shape[1] ?? 1);
  const classes = byClass ?? undefined;
  const model = trainingGraph(network, { task: taskOf(loss), loss, batch, classWeights: classes });
  const { feeds } = microBatchOf({ outputs, labels }, 0, batch, (at) => (at % 5) - 2);
  return { model, feeds };
}

function expectTold(
  found: Readonly<Record<string, Tensor | NDArray>>,
  { value, gradient }: LossCase,
  tolerance: number,
): void {
  const sums = ndarray("FP64", [1], Float64Array.of(value));
  expect(difference(found.sums, sums, tolerance)).toBeUndefined();
  const wanted = fixture.array(gradient);
  const [rows = 0, width = 1] = wanted.shape;
  const padded = new Float64Array((rows + 2) * width);
  padded.set(Array.from(wanted.data, Number));
  const expected = ndarray("FP64", [rows + 2, width], padded);
  expect(difference(found["grad/shift"], expected, tolerance)).toBeUndefined();
}

describe.each(losses)("$name,", (each) => {
  test("interpreted", () => {
    const { model, feeds } = problemOf(each);
    expectTold(evaluate(model.graph, wide(feeds)), each, 1e-7);
  });

  test("on the engine", async () => {
    const { model, feeds } = problemOf(each);
    const session = await openSession(writeModel(model));
    try {
      expectTold(await session.run({ ...feeds }), each, 1e-5);
    } finally {
      await session.release();
    }
  });
});

/** Computed in float64, whatever the graph declares. */
function wide(feeds: Feeds): Record<string, Tensor | NDArray> {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { type, shape, data }]) => [
      name,
      ndarray(type === "INT32" ? "INT32" : "FP32", shape, Float64Array.from(data, Number)),
    ]),
  );
}

test("every loss is among the cases", () => {
  expect([...new Set(losses.map(({ loss }) => loss.type))].sort()).toEqual([
    "cross-entropy",
    "focal",
    "hinge",
    "huber",
    "log-cosh",
    "mae",
    "mse",
    "quantile",
    "sigmoid-cross-entropy",
  ]);
});

test.each(weights)("balanced class weights of $counts", ({ counts, weights: wanted }) => {
  const classes = counts.map((_, index) => index);
  const found = classWeights("balanced", classes, counts) ?? [];
  expect(found).toHaveLength(wanted.length);
  found.forEach((weight, index) => {
    expect(weight).toBeCloseTo(wanted[index] ?? Number.NaN, 12);
  });
});
