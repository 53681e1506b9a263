/**
 * What holds for every architecture but those of dense layers alone, which `training.test.ts` has: gradients, what
 * training and evaluation share, and that padding changes nothing.
 */
import { openSession } from "@amaas/engine";
import { evaluate, type Model, ndarray, writeModel } from "@amaas/graph";
import { parseArchitecture } from "@amaas/spec";
import { type Tensor, tensor } from "@amaas/tensor";
import { describe, expect, test, vi } from "vitest";
import { parametersIn, randomFloats, someWeights } from "./batch.fixture.ts";
import { buildNetwork, evaluationGraph, layout, type NetworkSize, trainingGraph } from "./index.ts";

// Machines that run many tests at once are slow.
vi.setConfig({ testTimeout: 120_000 });

const batch = 3;
const samples = 2;
const loss = { type: "cross-entropy", labelSmoothing: 0 } as const;
const options = {
  task: "classification",
  loss,
  batch,
  measures: { task: "classification", classes: 3 },
} as const;
const images = { features: 2 * 6 * 5, outputs: 3, shape: [2, 6, 5] };
const series = { features: 4 * 3, outputs: 3, shape: [4, 3] };
const tokens = { features: 5, outputs: 3, shape: [5], vocabulary: 7 };
/** Rows of one, of four and of no tokens, padded at the end. */
const someTokens = (place: number) => [3, 0, 0, 0, 0, 1, 6, 2, 3, 0][place] ?? 0;

interface Case {
  readonly name: string;
  readonly architecture: object;
  readonly size: NetworkSize;
  /** Numbers of the batch, where any float is not one. */
  readonly features?: (place: number) => number;
  /** Where the way back has its own way forward, sums agree to rounding only. */
  readonly spelledOut?: boolean;
}

const cases: readonly Case[] = [
  {
    name: "cnn",
    architecture: {
      type: "cnn",
      blocks: [
        { filters: 3, layers: 2, kernel: 2 },
        { filters: 4, pool: 1, stride: 2 },
      ],
      hidden: [5],
      activation: "tanh",
    },
    size: images,
  },
  {
    name: "cnn of groups, with averages",
    architecture: {
      type: "cnn",
      blocks: [{ filters: 4, kernel: 5, pool: 3 }],
      activation: "gelu",
      norm: "group",
      pooling: "average",
    },
    size: images,
  },
  {
    name: "resnet",
    architecture: { type: "resnet", blocks: [1, 1], width: 4, activation: "tanh" },
    size: images,
  },
  {
    name: "resnet of layers",
    architecture: { type: "resnet", blocks: [1], width: 4, activation: "sigmoid", norm: "layer" },
    size: images,
  },
  ...(["rnn", "gru", "lstm"] as const).flatMap((type) => [
    {
      name: `${type} of series`,
      architecture: { type, hidden: 3, layers: 2, pooling: "mean" },
      size: series,
      spelledOut: true,
    },
    {
      name: `${type} of tokens, both ways`,
      architecture: { type, hidden: 3, embedding: 4, bidirectional: true },
      size: tokens,
      features: someTokens,
      spelledOut: true,
    },
  ]),
  {
    name: "transformer of tokens",
    architecture: { type: "transformer", width: 8, heads: 2, layers: 2 },
    size: tokens,
    features: someTokens,
  },
  {
    name: "transformer of series",
    architecture: { type: "transformer", width: 4, heads: 1, feedforward: 6, pooling: "first" },
    size: series,
  },
  {
    name: "wide-deep of numbers and categories",
    architecture: { type: "wide-deep", hidden: [4], embedding: 3, activation: "tanh" },
    size: {
      features: 4,
      outputs: 3,
      categories: [
        { column: 1, size: 5 },
        { column: 3, size: 2 },
      ],
    },
    features: (place) => [0.3, 4, -1, 1, 0.7, 2, 0.1, 0][place] ?? place % 2,
  },
  {
    name: "wide-deep of categories",
    architecture: { type: "wide-deep", hidden: [4], activation: "gelu" },
    size: { features: 1, outputs: 3, categories: [{ column: 0, size: 4 }] },
    features: (place) => place % 4,
  },
  {
    name: "wide-deep of numbers",
    architecture: { type: "wide-deep", hidden: [4], activation: "sigmoid" },
    size: { features: 3, outputs: 3 },
  },
];

describe.each(cases)("$name", ({ architecture, size, features: next, spelledOut = false }) => {
  const network = buildNetwork(parseArchitecture(architecture), size);
  const weights = someWeights(network);
  const noise = randomFloats("features", batch * size.features);
  const features = next ? noise.map((_, place) => next(place)) : noise;
  const feeds = {
    features: tensor("FP32", [batch, size.features], features),
    labels: tensor("INT32", [batch], Int32Array.of(2, 0, 1)),
    mask: tensor(
      "FP32",
      [batch],
      Float32Array.from({ length: batch }, (_, row) => Number(row < samples)),
    ),
    ...parametersIn(network, weights),
  };
  const run = async (model: Model, fed: Record<string, Tensor> = feeds) => {
    const session = await openSession(writeModel(model));
    try {
      return await session.run(fed);
    } finally {
      await session.release();
    }
  };

  test("has the gradients of central differences in float64", async () => {
    const outputs = await run(trainingGraph(network, options));
    const { graph } = evaluationGraph(network, options);
    const lossAt = (vector: Float64Array): number => {
      const parameters = layout(network.parameters).map(({ name, shape, offset, length }) => [
        name,
        ndarray("FP32", shape, vector.subarray(offset, offset + length)),
      ]);
      return Number(evaluate(graph, { ...feeds, ...Object.fromEntries(parameters) }).sums!.data[0]);
    };
    const step = 1e-5;
    for (const { name, offset, length } of layout(network.parameters)) {
      const found = outputs[`grad/${name}`]!.data;
      // Each of a few, and some of many: the reference is slow.
      for (let i = 0; i < length; i += Math.ceil(length / 7)) {
        const at = (change: number) =>
          lossAt(Float64Array.from(weights, (w, j) => (j === offset + i ? w + change : w)));
        const slope = (at(step) - at(-step)) / (2 * step);
        expect(Math.abs(Number(found[i]) - slope), `${name}[${i}]`).toBeLessThan(
          5e-6 * Math.max(1, Math.abs(slope)),
        );
      }
    }
  });

  test("has one loss in training and evaluation", async () => {
    const { sums } = await run(trainingGraph(network, options));
    const measured = await run(evaluationGraph(network, options));
    const [trained, evaluated] = [Number(sums!.data[0]), Number(measured.sums!.data[0])];
    if (spelledOut) expect(evaluated).toBeCloseTo(trained, 5);
    else expect(evaluated).toBe(trained);
  });

  test("does not see padding", async () => {
    const model = trainingGraph(network, options);
    const others = features.map((value, place) =>
      place < samples * size.features ? value : next ? next(place + 1) : 50 * value,
    );
    const dirty = { ...feeds, features: tensor("FP32", [batch, size.features], others) };
    expect(await run(model, dirty)).toEqual(await run(model));
  });
});
