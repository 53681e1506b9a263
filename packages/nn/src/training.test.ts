import { openSession, type Session } from "@amaas/engine";
import { evaluate, type Model, type NDArray, ndarray, writeModel } from "@amaas/graph";
import { type Measures, metricsOf, sumsOf } from "@amaas/metrics";
import { createOptimizer } from "@amaas/optim";
import type { ArchitectureSpec, LossSpec, Task } from "@amaas/spec";
import { type Tensor, tensor } from "@amaas/tensor";
import { describe, expect, test } from "vitest";
import { parametersIn, randomFloats, someBatch, someWeights } from "./batch.fixture.ts";
import { buildNetwork, evaluationGraph, initialValues, layout, trainingGraph } from "./index.ts";

const size = { features: 5, outputs: 3, batch: 6, samples: 4 };
const open = (model: Model): Promise<Session> => openSession(writeModel(model));
const floats = (found: Tensor | undefined): number[] => Array.from(found!.data, Number);
const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

const architectures: readonly [string, ArchitectureSpec][] = [
  ["linear", { type: "linear" }],
  ["mlp with relu", { type: "mlp", hidden: [7, 4], activation: "relu" }],
  ["mlp with tanh", { type: "mlp", hidden: [7], activation: "tanh" }],
  ["mlp with sigmoid", { type: "mlp", hidden: [4, 4], activation: "sigmoid" }],
];
const cases = architectures.flatMap(([name, architecture]) =>
  (["classification", "regression"] as const).map((task) => ({ name, task, architecture })),
);

const losses = {
  classification: { type: "cross-entropy", labelSmoothing: 0 },
  regression: { type: "mse" },
} as const satisfies Partial<Record<Task, LossSpec>>;

function setUp(task: keyof typeof losses, architecture: ArchitectureSpec) {
  const outputs = task === "classification" ? size.outputs : 1;
  const network = buildNetwork(architecture, { features: size.features, outputs });
  const measures: Measures = task === "classification" ? { task, classes: size.outputs } : { task };
  const options = { task, loss: losses[task], batch: size.batch, measures };
  const weights = someWeights(network);
  const batch = someBatch(task, size);
  return {
    network,
    options,
    weights,
    batch,
    feeds: { ...batch, ...parametersIn(network, weights) },
  };
}

describe.each(cases)("$task with $name", ({ task, architecture }) => {
  const { network, options, weights, batch, feeds } = setUp(task, architecture);
  const placements = layout(network.parameters);

  test("only the sums and the gradients come out", () => {
    const names = trainingGraph(network, options).graph.outputs.map(({ name }) => name);
    const gradients = network.parameters.map(({ name }) => `grad/${name}`);
    expect(names).toEqual(["sums", ...gradients]);
  });

  test("gradients agree with central differences in float64", async () => {
    const session = await open(trainingGraph(network, options));
    const outputs = await session.run(feeds);
    const { graph } = evaluationGraph(network, options);
    const loss = (vector: Float64Array): number => {
      const parameters: Record<string, NDArray> = Object.fromEntries(
        placements.map(({ name, shape, offset, length }) => [
          name,
          ndarray("FP32", shape, vector.subarray(offset, offset + length)),
        ]),
      );
      return Number(evaluate(graph, { ...batch, ...parameters }).sums!.data[0]);
    };
    const step = 1e-5;
    for (const { name, offset, length } of placements) {
      const found = floats(outputs[`grad/${name}`]);
      for (let i = 0; i < length; i++) {
        const at = (change: number) =>
          loss(Float64Array.from(weights, (w, j) => (j === offset + i ? w + change : w)));
        const slope = (at(step) - at(-step)) / (2 * step);
        expect(Math.abs(found[i]! - slope)).toBeLessThan(2e-6 * Math.max(1, Math.abs(slope)));
      }
    }
  });

  test("the evaluation graph gives the loss of the training graph, to the bit", async () => {
    const [training, evaluation] = await Promise.all([
      open(trainingGraph(network, options)),
      open(evaluationGraph(network, options)),
    ]);
    const { sums } = await training.run(feeds);
    expect(floats(sums)).toHaveLength(1);
    expect(floats((await evaluation.run(feeds)).sums).slice(0, 1)).toEqual(floats(sums));
  });

  test("what stands in padded rows does not change a bit", async () => {
    const session = await open(trainingGraph(network, options));
    const clean = await session.run({ ...feeds, ...withPadding(batch, () => 0) });
    const noise = randomFloats("padding", 1000);
    let at = 0;
    const dirty = await session.run({
      ...feeds,
      ...withPadding(batch, () => 50 * noise[at++ % noise.length]!),
    });
    expect(dirty).toEqual(clean);
  });

  test("twice the same, to the bit, in another session too", async () => {
    const model = trainingGraph(network, options);
    const [first, second] = await Promise.all([open(model), open(trainingGraph(network, options))]);
    const once = await first.run(feeds);
    expect(await first.run(feeds)).toEqual(once);
    expect(await second.run(feeds)).toEqual(once);
  });
});

/** The batch with other numbers in the rows whose mask is 0; labels stay classes there. */
function withPadding(batch: Record<string, Tensor>, next: () => number): Record<string, Tensor> {
  const from = (length: number) => (length / size.batch) * size.samples;
  const filled = ({ type, shape, data }: Tensor): Tensor => {
    if (data instanceof Int32Array)
      return tensor(
        "INT32",
        shape,
        data.map((value, i) => (i < from(data.length) ? value : 1)),
      );
    if (!(data instanceof Float32Array)) throw new Error(`no padding for ${type}`);
    return tensor(
      "FP32",
      shape,
      data.map((value, i) => (i < from(data.length) ? value : next())),
    );
  };
  return { features: filled(batch.features!), labels: filled(batch.labels!) };
}

describe("sums mean what they are called", () => {
  const rows = Array.from({ length: size.samples }, (_, row) => row);

  /** x W + b of the linear network, in float64. */
  function outputsOf(
    { features, parameters }: Record<string, Record<string, Tensor>>,
    width: number,
  ) {
    const x = floats(features!.features);
    const w = floats(parameters!["layer0/weight"]);
    const b = floats(parameters!["layer0/bias"]);
    return rows.map((row) =>
      Array.from({ length: width }, (_, j) =>
        total([
          b[j]!,
          ...Array.from(
            { length: size.features },
            (_, k) => x[row * size.features + k]! * w[k * width + j]!,
          ),
        ]),
      ),
    );
  }

  test("classification", async () => {
    const { network, options, weights, batch, feeds } = setUp("classification", { type: "linear" });
    const parameters = parametersIn(network, weights);
    const logits = outputsOf({ features: batch, parameters }, size.outputs);
    const labels = floats(batch.labels);
    const losses = logits.map((row, i) => Math.log(total(row.map(Math.exp))) - row[labels[i]!]!);
    const correct = logits.filter((row, i) => row.indexOf(Math.max(...row)) === labels[i]);

    const { sums } = await (await open(evaluationGraph(network, options))).run(feeds);
    const [loss, logLoss] = floats(sums);
    const confusion = floats(sums).slice(-9);
    expect(loss).toBeCloseTo(total(losses), 5);
    expect(logLoss).toBeCloseTo(total(losses), 5);
    expect(total(confusion)).toBe(size.samples);
    expect(confusion[0]! + confusion[4]! + confusion[8]!).toBe(correct.length);
    expect(correct.length).toBeGreaterThan(0);
  });

  test("regression, with errors in the units of the labels", async () => {
    const { network, options, weights, batch, feeds } = setUp("regression", { type: "linear" });
    const parameters = parametersIn(network, weights);
    const labels = floats(batch.labels).slice(0, size.samples);
    const errors = outputsOf({ features: batch, parameters }, 1).map(([y], i) => y! - labels[i]!);
    const labelScale = { mean: 100, deviation: 20 };
    const session = await open(evaluationGraph(network, { ...options, labelScale }));
    const [loss, squared, absolute, relative, error, errorSquared, target, targetSquared] = floats(
      (await session.run(feeds)).sums,
    );
    expect(relative).toBeCloseTo(
      total(errors.map((e, i) => Math.abs(20 * e) / (100 + 20 * labels[i]!))),
      5,
    );
    expect(error).toBeCloseTo(-total(errors), 5);
    expect(errorSquared).toBe(loss);
    expect(loss).toBeCloseTo(total(errors.map((e) => e ** 2)), 5);
    expect(squared! / 400).toBeCloseTo(loss!, 5);
    expect(absolute! / 20).toBeCloseTo(total(errors.map(Math.abs)), 5);
    expect(target).toBeCloseTo(total(labels), 5);
    expect(targetSquared).toBeCloseTo(total(labels.map((t) => t ** 2)), 5);
  });

  test("large logits neither overflow nor lose the loss", async () => {
    const { network, options, batch } = setUp("classification", { type: "linear" });
    const vector = new Float32Array(layout(network.parameters).at(-1)!.offset + 15);
    vector.set([0, 500, 1000]);
    const session = await open(trainingGraph(network, options));
    const outputs = await session.run({ ...batch, ...parametersIn(network, vector) });
    const labels = floats(batch.labels).slice(0, size.samples);
    expect(floats(outputs.sums)).toEqual([total(labels.map((label) => 1000 - 500 * label))]);
    expect(floats(outputs["grad/layer0/bias"]).every(Number.isFinite)).toBe(true);
  });
});

test("a multi-layer perceptron learns what a linear model cannot", async () => {
  // Two classes in rings: the label is whether a point lies near the origin.
  const points = randomFloats("points", 2 * 256);
  const inside = (x: number, y: number) => Number(x * x + y * y < 0.4);
  const labels = Int32Array.from({ length: 256 }, (_, i) =>
    inside(points[2 * i]!, points[2 * i + 1]!),
  );
  const batch = {
    features: tensor("FP32", [256, 2], points),
    labels: tensor("INT32", [256], labels),
    mask: tensor("FP32", [256], new Float32Array(256).fill(1)),
  };

  const train = async (architecture: ArchitectureSpec) => {
    const network = buildNetwork(architecture, { features: 2, outputs: 2 });
    const session = await open(
      trainingGraph(network, { task: "classification", loss: losses.classification, batch: 256 }),
    );
    const weights = initialValues(network.parameters, 3);
    const gradient = new Float32Array(weights.length);
    const sums = tensor("FP32", [1], new Float32Array(1));
    const places: Record<string, Tensor> = { sums };
    for (const [name, place] of Object.entries(parametersIn(network, gradient)))
      places[`grad/${name}`] = place;
    const optimizer = createOptimizer({
      type: "adam",
      learningRate: 0.02,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      amsgrad: false,
      weightDecay: 0,
      l1: 0,
    });
    const slots = [new Float32Array(weights.length), new Float32Array(weights.length)];
    let scalars = optimizer.scalars();
    for (let step = 0; step < 200; step++) {
      await session.run({ ...batch, ...parametersIn(network, weights) }, places);
      scalars = optimizer.advance(scalars);
      optimizer.update({ weights, gradient, slots }, 256, scalars);
    }
    const measures = { task: "classification", classes: 2 } as const;
    const options = { loss: losses.classification, batch: 256, measures };
    const evaluation = await open(evaluationGraph(network, options));
    const found = await evaluation.run({ ...batch, ...parametersIn(network, weights) });
    return metricsOf("classification", sumsOf(measures), floats(found.sums), 256);
  };

  const mlp = await train({ type: "mlp", hidden: [16], activation: "relu" });
  expect(mlp.accuracy).toBeGreaterThan(0.97);
  expect(mlp.loss).toBeLessThan(0.12);
  const linear = await train({ type: "linear" });
  expect(linear.accuracy).toBeLessThan(0.8);
});

test("a micro-batch of no rows is refused", () => {
  const { network } = setUp("classification", { type: "linear" });
  expect(() =>
    trainingGraph(network, { task: "classification", loss: losses.classification, batch: 0 }),
  ).toThrow("found a micro-batch of 0, wanted 1 or more");
});
