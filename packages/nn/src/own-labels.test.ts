/** Samples that are their own labels: what is learnt of them, measured and served, against plain arithmetic. */
import { openSession } from "@amaas/engine";
import { evaluate, graphBuilder, type Model, writeModel } from "@amaas/graph";
import { metricsOf, sumsOf } from "@amaas/metrics";
import type { LossSpec } from "@amaas/spec";
import { type Tensor, tensor } from "@amaas/tensor";
import { describe, expect, test } from "vitest";
import { parametersIn, randomFloats, someWeights } from "./batch.fixture.ts";
import { expectGradients } from "./gradients.fixture.ts";
import {
  buildNetwork,
  evaluationGraph,
  type Network,
  networkSize,
  servingGraph,
  trainingGraph,
} from "./index.ts";

const open = (model: Model) => openSession(writeModel(model));
const floats = (value: Tensor | undefined) => Array.from(value?.data ?? [], Number);
const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
const mask = tensor("FP32", [4], Float32Array.of(1, 1, 1, 0));

describe.each<LossSpec>([{ type: "mse" }, { type: "sigmoid-cross-entropy", labelSmoothing: 0 }])(
  "reconstruction by $type",
  (loss) => {
    const aim = { task: "reconstruction", loss } as const;
    const network = buildNetwork(
      { type: "mlp", hidden: [3], activation: "tanh" },
      networkSize(aim, { width: 6, classes: 0, shape: [1, 2, 3] }),
    );
    const weights = someWeights(network);
    const features = tensor("FP32", [4, 6], randomFloats("images", 24).map(Math.abs));
    const feeds = { features, mask, ...parametersIn(network, weights) };
    const measures = { task: "reconstruction", images: true } as const;

    test("the loss is the mean over a sample's values, summed over samples", async () => {
      const { sums } = await (await open(trainingGraph(network, { ...aim, batch: 4 }))).run(feeds);
      const { outputs } = evaluate(network.graph, feeds);
      const z = Array.from(outputs!.data, Number);
      const of = (x: number, y: number) => {
        if (loss.type === "mse") return (x - y) ** 2;
        const p = 1 / (1 + Math.exp(-y));
        return -x * Math.log(p) - (1 - x) * Math.log(1 - p);
      };
      const wanted = total(floats(features).map((x, i) => (i < 18 ? of(x, z[i]!) / 6 : 0)));
      expect(floats(sums)[0]).toBeCloseTo(wanted, 5);
    });

    test("gradients agree with central differences in float64", async () => {
      await expectGradients(network, trainingGraph(network, { ...aim, batch: 4 }), feeds, weights);
    });

    test("is measured as it is served, in the units of the array", async () => {
      const evaluation = await open(evaluationGraph(network, { ...aim, batch: 4, measures }));
      const sums = floats((await evaluation.run(feeds)).sums);
      const metrics = metricsOf("reconstruction", sumsOf(measures), sums, 3);
      const array = { sizes: [2, 3], unit: 255 };
      const serving = await open(servingGraph(scaled(), network, { ...aim, array }));
      const answer = await serving.run({
        ...parametersIn(network, weights),
        input: tensor(
          "FP32",
          [4, 2, 3],
          features.data.map((x) => 255 * x),
        ),
      });
      expect(answer.reconstruction?.shape).toEqual([4, 2, 3]);
      const errors = floats(answer.error);
      expect(errors).toHaveLength(4);
      expect(total(errors.slice(0, 3)) / 3).toBeCloseTo(metrics.mse!, 5);
      const again = floats(answer.reconstruction).map((value) => value / 255);
      const squares = again.map((value, i) => (value - floats(features)[i]!) ** 2);
      expect(total(squares.slice(0, 18)) / 18).toBeCloseTo(metrics.mse!, 5);
      const decibels = errors.slice(0, 3).map((error) => -10 * Math.log10(error));
      expect(metrics.psnr).toBeCloseTo(total(decibels) / 3, 3);
    });
  },
);

/** Raw images to features. */
function scaled(): Model {
  const g = graphBuilder("features");
  const x = g.input("input", "FP32", ["rows", 2, 3]);
  const flat = g.reshape(x, [-1, 6]);
  g.output("features", g.div(flat, g.scalar(255, flat)), { shape: ["rows", 6] });
  return g.model();
}

describe("language modeling", () => {
  const vocabulary = 5;
  const context = 3;
  const network = bigrams(vocabulary, context);
  const weights = randomFloats("bigrams", vocabulary * vocabulary);
  const ids = [1, 2, 3, 4, /**/ 2, 4, 0, 0, /**/ 3, 3, 1, 2, /**/ 0, 0, 0, 0];
  const feeds = {
    features: tensor("FP32", [4, context + 1], Float32Array.from(ids)),
    mask,
    ...parametersIn(network, weights),
  };
  const aim = (labelSmoothing: number) =>
    ({
      task: "language-modeling",
      loss: { type: "cross-entropy", labelSmoothing },
      batch: 4,
    }) as const;

  /** -log p of each token that is none of padding, by row; and whether it is the likeliest. */
  const told = [0, 1, 2].map((row) =>
    [0, 1, 2].flatMap((at) => {
      const [from = 0, to = 0] = ids.slice(row * 4 + at);
      if (to === 0) return [];
      const scores = Array.from(weights.slice(from * vocabulary, (from + 1) * vocabulary));
      const each = scores.map(Math.exp);
      const hit = scores.indexOf(Math.max(...scores)) === to;
      return [{ loss: Math.log(total(each)) - scores[to]!, hit }];
    }),
  );
  const losses = told.map((row) => row.map(({ loss }) => loss));

  test("a sample's loss is the mean over its own tokens; padding has none", async () => {
    const { sums } = await (await open(trainingGraph(network, aim(0)))).run(feeds);
    const wanted = total(losses.map((row) => total(row) / row.length));
    expect(floats(sums)[0]).toBeCloseTo(wanted, 5);
  });

  test("perplexity and accuracy are of tokens, whatever is smoothed", async () => {
    const measures = { task: "language-modeling" } as const;
    const graph = evaluationGraph(network, { ...aim(0.1), measures });
    const sums = floats((await (await open(graph)).run(feeds)).sums);
    const metrics = metricsOf("language-modeling", sumsOf(measures), sums, 3);
    expect(metrics.perplexity).toBeCloseTo(Math.exp(total(losses.flat()) / 7), 4);
    const hits = told.flat().filter(({ hit }) => hit).length;
    expect(metrics.tokenAccuracy).toBeCloseTo(hits / 7, 6);
  });

  test.each([0, 0.1])("gradients with smoothing %d agree with differences", async (smoothing) => {
    await expectGradients(network, trainingGraph(network, aim(smoothing)), feeds, weights);
  });

  test("is served for prompts of any length, of which the last tokens count", async () => {
    const g = graphBuilder("features");
    g.output("features", g.identity(g.input("input", "FP32", ["rows", "time"])));
    const classes = ["", "?", "a", "b", "c"];
    const { task, loss } = aim(0);
    const serving = await open(servingGraph(g.model(), network, { task, loss, classes }));
    const ask = async (...rows: number[][]) => {
      const input = tensor("FP32", [rows.length, rows[0]!.length], Float32Array.from(rows.flat()));
      return serving.run({ input, ...parametersIn(network, weights) });
    };
    const row = (token: number) =>
      Array.from(weights.slice(token * vocabulary, (token + 1) * vocabulary));
    for (const prompt of [[2], [1, 2], [3, 1, 4, 2], [2, 0, 0]]) {
      const { label, probabilities } = await ask(prompt);
      expect(label?.data).toEqual([classes[row(2).indexOf(Math.max(...row(2)))]]);
      const each = row(2).map(Math.exp);
      for (const [id, p] of floats(probabilities).entries())
        expect(p).toBeCloseTo(each[id]! / total(each), 5);
    }
    expect((await ask([1, 2, 0], [1, 1, 2])).probabilities?.data.slice(0, 5)).toEqual(
      (await ask([2])).probabilities?.data,
    );
  });
});

/** A table of scores: the simplest network that tells a next token. */
function bigrams(vocabulary: number, context: number): Network {
  const g = graphBuilder("bigrams");
  const table = g.input("table", "FP32", [vocabulary, vocabulary]);
  const ids = g.cast(g.input("features", "FP32", ["batch", "time"]), "INT32");
  g.output("outputs", g.gather(table, ids));
  const shape = [vocabulary, vocabulary];
  return { graph: g.build(), parameters: [{ name: "table", shape, init: "zeros" }], context };
}
