/** Dropout is in the training graph alone, and drops what its key says. */
import { openSession } from "@amaas/engine";
import { type Model, writeModel } from "@amaas/graph";
import { parseArchitecture } from "@amaas/spec";
import { tensor } from "@amaas/tensor";
import { expect, test, vi } from "vitest";
import { parametersIn, randomFloats } from "./batch.fixture.ts";
import { identity } from "./identity.fixture.ts";
import {
  buildNetwork,
  evaluationGraph,
  initialValues,
  randomKey,
  servingGraph,
  trainingGraph,
} from "./index.ts";

// Machines that run many tests at once are slow.
vi.setConfig({ testTimeout: 60_000 });

const batch = 64;
const hidden = 200;
const network = buildNetwork(parseArchitecture({ type: "mlp", hidden: [hidden], dropout: 0.25 }), {
  features: 3,
  outputs: 1,
});
const options = { task: "regression", loss: { type: "mse" }, batch } as const;
const training = trainingGraph(network, options);

/** With a last layer of ones, each output is the sum of what the hidden layer lets through. */
async function run(model: Model, key?: readonly [number, number]) {
  const weights = initialValues(network.parameters, 0);
  const parameters = parametersIn(network, weights);
  const session = await openSession(writeModel(model));
  try {
    return await session.run({
      ...parameters,
      "layer0/weight": tensor("FP32", [3, hidden], new Float32Array(3 * hidden)),
      "layer0/bias": tensor("FP32", [hidden], new Float32Array(hidden).fill(1)),
      features: tensor("FP32", [batch, 3], randomFloats("x", batch * 3)),
      labels: tensor("FP32", [batch], new Float32Array(batch)),
      mask: tensor("FP32", [batch], new Float32Array(batch).fill(1)),
      ...(key && { [randomKey]: tensor("UINT32", [2], Uint32Array.from(key)) }),
    });
  } finally {
    await session.release();
  }
}

test("evaluation and serving have none, and take no key", () => {
  const evaluation = evaluationGraph(network, { ...options, measures: { task: "regression" } });
  const serving = servingGraph(identity(3), network, { task: "regression" });
  for (const { graph } of [evaluation, serving]) {
    expect(graph.nodes.map(({ op }) => op)).not.toContain("Dropout");
    expect(graph.inputs.map(({ name }) => name)).not.toContain(randomKey);
  }
  expect(training.graph.inputs.map(({ name }) => name)).toContain(randomKey);
});

test("a network without dropout draws nothing", () => {
  const plain = buildNetwork(parseArchitecture({ type: "mlp", hidden: [4], dropout: 0 }), {
    features: 3,
    outputs: 1,
  });
  expect(plain.training).toBeUndefined();
  const { graph } = trainingGraph(plain, options);
  expect(graph.inputs.map(({ name }) => name)).not.toContain(randomKey);
});

test("the same key drops the same, another one others; a quarter, and the rest grows", async () => {
  const [one, again, other] = [
    await run(training, [1, 2]),
    await run(training, [1, 2]),
    await run(training, [1, 3]),
  ];
  expect(again).toEqual(one);
  expect(other).not.toEqual(one);
  // What goes into the last layer is 0 or 4/3, each 1 without dropout: its gradient, over the errors, tells.
  const gradient = Array.from(one["grad/layer1/weight"]!.data, Number);
  const bias = Number(one["grad/layer1/bias"]!.data[0]);
  const mean = gradient.reduce((sum, value) => sum + value, 0) / hidden / bias;
  expect(Math.abs(mean - 1)).toBeLessThan(0.05);
  expect(new Set(gradient).size).toBeGreaterThan(hidden / 2);
});
