/** Embeddings: the losses of a micro-batch against PyTorch, padding, what is measured and what is served. */
import { gradient } from "@amaas/autodiff";
import { openSession } from "@amaas/engine";
import { evaluate, graphBuilder, type Model, type NDArray, writeModel } from "@amaas/graph";
import { metricsOf, sumsOf } from "@amaas/metrics";
import type { EmbeddingLossSpec } from "@amaas/spec";
import { type Tensor, tensor } from "@amaas/tensor";
import { describe, expect, test } from "vitest";
import { parametersIn, randomFloats, someWeights } from "./batch.fixture.ts";
import { expectGradients } from "./gradients.fixture.ts";
import {
  buildNetwork,
  evaluationGraph,
  networkSize,
  servingGraph,
  trainingGraph,
} from "./index.ts";
import { lossColumn } from "./objectives/index.ts";

const open = (model: Model) => openSession(writeModel(model));
const floats = (value: Pick<NDArray | Tensor, "data"> | undefined) =>
  Array.from(value?.data ?? [], Number);

/** One label has a single row, which has none to be near to. */
const outputs = [1, 2, 0, 2, 1, 1, -1, 0, 3, 0.5, -2, 1, 1, 1, 1, -2, 0.5, 2];
const labels = [0, 0, 1, 2, 0, 1];

/** PyTorch 2.15 in float64: torch.logsumexp over all others; of the triplets sqrt(relu(2 - 2 cos) + 1e-6). */
const wanted: readonly { loss: EmbeddingLossSpec; losses: number[]; slopes: number[] }[] = [
  {
    loss: { type: "infonce", temperature: 0.25, width: 3 },
    losses: [0.72537829, 0.82970114, 0.27053082, 0, 0.84190161, 0.09714913],
    slopes: [
      -0.34650362, 0.17325181, -0.28726539, -0.07237696, -0.19933396, 0.3440879, 0.43093951,
      0.00572761, 0.1436465, -0.061352, 0.07379666, 0.17826932, -0.12119285, -0.32911944,
      0.45031229, -0.04389304, 0.13122737, -0.07669988,
    ],
  },
  {
    loss: { type: "triplet", margin: 0.5, width: 3 },
    losses: [0, 0, 0, 0, 0.04461057, 0],
    slopes: [
      -0.15382209, 0.07691105, -0.38455523, 0, 0, 0, 0.19443271, 0.16202726, 0.0648109, 0, 0, 0,
      -0.27004543, -0.49257341, 0.76261884, 0, 0, 0,
    ],
  },
];

test.each(wanted)("$loss.type has PyTorch's losses and gradients", ({ loss, losses, slopes }) => {
  const g = graphBuilder("embedding");
  const batch = {
    outputs: g.input("outputs", "FP32", [6, 3]),
    labels: g.input("labels", "INT32", [6, 1]),
  };
  const detach = <T>(value: T) => value;
  const column = lossColumn(g, batch, "embedding", { loss, classWeights: undefined, detach });
  g.output("losses", g.identity(column));
  g.output("loss", g.squeeze(g.reduceSum(column, [0, 1]), [0, 1]));
  const feeds = {
    outputs: tensor("FP32", [6, 3], Float32Array.from(outputs)),
    labels: tensor("INT32", [6, 1], Int32Array.from(labels)),
  };
  const found = evaluate(gradient(g.build(), { loss: "loss", wrt: ["outputs"] }), feeds);
  for (const [at, value] of floats(found.losses).entries())
    expect(value).toBeCloseTo(losses[at]!, 5);
  for (const [at, value] of floats(found["grad/outputs"]).entries())
    expect(value).toBeCloseTo(slopes[at]!, 5);
});

describe.each(wanted)("a network trained by $loss.type", ({ loss }) => {
  const aim = { task: "embedding", loss } as const;
  const network = buildNetwork(
    { type: "mlp", hidden: [5], activation: "tanh" },
    networkSize(aim, { width: 4, classes: 3 }),
  );
  const weights = someWeights(network);
  const measures = { task: "embedding" } as const;
  const rows = randomFloats("rows", 24);
  const feedsOf = (batch: number, filler: number) => ({
    features: tensor(
      "FP32",
      [batch, 4],
      Float32Array.from({ length: batch * 4 }, (_, at) => rows[at] ?? filler),
    ),
    labels: tensor(
      "INT32",
      [batch],
      Int32Array.from({ length: batch }, (_, at) => labels[at] ?? 0),
    ),
    mask: tensor(
      "FP32",
      [batch],
      Float32Array.from({ length: batch }, (_, at) => Number(at < 6)),
    ),
    ...parametersIn(network, weights),
  });

  test("has gradients that agree with central differences in float64", async () => {
    const model = trainingGraph(network, { ...aim, batch: 8 });
    await expectGradients(network, model, feedsOf(8, 0.5), weights);
  });

  test("does not see padding, whatever is in it", async () => {
    const session = await open(trainingGraph(network, { ...aim, batch: 8 }));
    const one = await session.run(feedsOf(8, 0));
    const other = await session.run(feedsOf(8, 100));
    expect(other).toEqual(one);
    const alone = await open(trainingGraph(network, { ...aim, batch: 6 }));
    expect(floats((await alone.run(feedsOf(6, 0))).sums)[0]).toBeCloseTo(floats(one.sums)[0]!, 5);
  });

  test("is measured by the nearest of what it serves", async () => {
    const evaluation = await open(evaluationGraph(network, { ...aim, batch: 8, measures }));
    const sums = floats((await evaluation.run(feedsOf(8, 0))).sums);
    const { recallAt1 } = metricsOf("embedding", sumsOf(measures), sums, 6);
    const serving = await open(servingGraph(asTheyAre(), network, aim));
    const input = tensor("FP32", [6, 4], rows);
    const { embedding } = await serving.run({ input, ...parametersIn(network, weights) });
    expect(embedding?.shape).toEqual([6, 3]);
    const vectors = labels.map((_, row) => floats(embedding).slice(3 * row, 3 * row + 3));
    const cosine = (a: number, b: number) =>
      vectors[a]!.reduce((sum, value, at) => sum + value * vectors[b]![at]!, 0);
    const hits = [0, 1, 2, 4, 5].filter((row) => {
      const others = [0, 1, 2, 3, 4, 5].filter((other) => other !== row);
      others.sort((a, b) => cosine(row, b) - cosine(row, a));
      return labels[others[0]!] === labels[row];
    });
    for (const row of labels.keys()) expect(cosine(row, row)).toBeCloseTo(1, 5);
    expect(recallAt1).toBeCloseTo(hits.length / 5, 6);
  });
});

function asTheyAre(): Model {
  const g = graphBuilder("features");
  g.output("features", g.identity(g.input("input", "FP32", ["rows", 4])));
  return g.model();
}
