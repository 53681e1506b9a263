/** Training that goes on from a file of PyTorch's: the same scores, and the losses of 20 steps. */
import { openSession } from "@amaas/engine";
import { readModel, writeModel } from "@amaas/graph";
import { buildNetwork, initialValues, layout, outputGraph, trainingGraph } from "@amaas/nn";
import { createOptimizer } from "@amaas/optim";
import { parseArchitecture, parseJobSpec } from "@amaas/spec";
import { type Tensor, tensor } from "@amaas/tensor";
import { expect, test } from "vitest";
import { array, type Export, fileOf, header } from "./onnx-files.ts";

const width = 28 * 28;
const size = { features: width, outputs: header.classes, shape: [1, 28, 28] };
const architecture = { type: "onnx", file: "cnn.onnx" };

const numbers = (value: Tensor | undefined) => Array.from(value?.data ?? [], Number);
const networkOf = (name: Export) =>
  buildNetwork(parseArchitecture(architecture), size, readModel(fileOf(name)));

/** Pixels from 0 to 1. */
function pixels(bytes: Tensor, from = 0, rows = bytes.shape[0]!): Tensor {
  const part = numbers(bytes).slice(from * width, (from + rows) * width);
  return tensor(
    "FP32",
    [rows, width],
    Float32Array.from(part, (byte) => byte / 255),
  );
}

function views(network: ReturnType<typeof networkOf>, vector: Float32Array, prefix = "") {
  return Object.fromEntries(
    layout(network.parameters).map(({ name, shape, offset, length }) => [
      prefix + name,
      tensor("FP32", shape, vector.subarray(offset, offset + length)),
    ]),
  );
}

test.each(["training", "folded", "dynamo"] as const)(
  "the file for %s scores samples as PyTorch does",
  async (name) => {
    const network = networkOf(name);
    const features = pixels(array(header.shown));
    const weights = views(network, initialValues(network.parameters, 0));
    const session = await openSession(writeModel(outputGraph(network, features.shape[0]!)));
    const { outputs } = await session.run({ features, ...weights });
    await session.release();
    const wanted = numbers(array(header.scores));
    for (const [at, score] of numbers(outputs).entries())
      expect(Math.abs(score - wanted[at]!), `score ${at}`).toBeLessThan(1e-4);
    expect(outputs?.data).toHaveLength(wanted.length);
  },
);

test("parameters are those of the model, without the statistics of batches", () => {
  const names = ["conv1.bias", "conv1.weight", "conv2.weight"];
  const norms = ["norm1.bias", "norm1.weight", "norm2.bias", "norm2.weight"];
  const dense = ["fc.bias", "fc.weight"];
  const found = layout(networkOf("training").parameters).map(({ name }) => name);
  expect(found).toEqual([...names, ...norms, ...dense].sort());
  const { graph } = networkOf("training");
  expect(graph.initializers.has("norm1.running_mean")).toBe(true);
  expect(graph.nodes.some(({ op }) => op === "Dropout")).toBe(false);
});

test("it has PyTorch's losses over 20 steps", { timeout: 120_000 }, async () => {
  const { batch, images, labels, losses, optimizer: adam } = header.curve;
  const network = networkOf("training");
  const aim = {
    task: "classification",
    loss: { type: "cross-entropy", labelSmoothing: 0 },
    batch,
  } as const;
  const { training } = parseJobSpec({
    name: "cnn",
    task: "classification",
    data: { format: "arrays", features: "a.npy", labels: "b.npy" },
    architecture,
    training: { epochs: 1, batchSize: 8, optimizer: adam },
  });
  const optimizer = createOptimizer(training.optimizer);
  const weights = initialValues(network.parameters, 0);
  const derived = new Float32Array(weights.length);
  const slots = Array.from({ length: optimizer.slots }, () => new Float32Array(weights.length));
  const session = await openSession(writeModel(trainingGraph(network, aim)));
  const sums = tensor("FP32", [1], new Float32Array(1));
  const mask = tensor("FP32", [batch], new Float32Array(batch).fill(1));
  const wanted = numbers(array(losses));
  const classes = Int32Array.from(array(labels).data, Number);
  let scalars = optimizer.scalars();
  for (const [step, loss] of wanted.entries()) {
    const from = step * batch;
    const feeds = {
      features: pixels(array(images), from, batch),
      labels: tensor("INT32", [batch], classes.slice(from, from + batch)),
      mask,
      ...views(network, weights),
    };
    await session.run(feeds, { sums, ...views(network, derived, "grad/") });
    expect(Math.abs(Number(sums.data[0]) / batch / loss - 1), `step ${step}`).toBeLessThan(1e-4);
    scalars = optimizer.advance(scalars);
    optimizer.update({ weights, gradient: derived, slots }, batch, scalars);
  }
  await session.release();
  expect(wanted).toHaveLength(20);
  expect(wanted.at(-1)).toBeLessThan(wanted[0]! / 2);
});
