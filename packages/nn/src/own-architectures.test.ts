/** Architectures of tasks without labels: gradients, what each sees and what it must not, answers. */
import { openSession } from "@amaas/engine";
import { type Model, modelOf, writeModel } from "@amaas/graph";
import { parseArchitecture } from "@amaas/spec";
import { type Tensor, tensor } from "@amaas/tensor";
import { describe, expect, test, vi } from "vitest";
import { parametersIn, randomFloats, someWeights } from "./batch.fixture.ts";
import { expectGradients } from "./gradients.fixture.ts";
import { buildNetwork, evaluationGraph, networkSize, trainingGraph } from "./index.ts";

// Machines that run many tests at once are slow.
vi.setConfig({ testTimeout: 120_000 });

const mask = tensor("FP32", [3], Float32Array.of(1, 1, 0));
const floats = (value: Tensor | undefined) => Array.from(value?.data ?? [], Number);

async function run(model: Model, feeds: Readonly<Record<string, Tensor>>) {
  const session = await openSession(writeModel(model));
  return session.run(feeds).finally(() => session.release());
}

describe.each([
  { type: "autoencoder", code: 3, hidden: [5], activation: "tanh" },
  { type: "autoencoder", code: 2, filters: [3, 4], norm: "layer", activation: "sigmoid" },
  { type: "autoencoder", code: 2, hidden: [4], filters: [2], corrupt: 0.2, activation: "tanh" },
  { type: "unet", width: 2, depth: 2, activation: "tanh" },
  { type: "unet", width: 3, depth: 1, norm: "none", activation: "gelu", corrupt: 0.3 },
])("%j", (document) => {
  const loss = { type: "mse" } as const;
  const aim = { task: "reconstruction", loss, batch: 3 } as const;
  const shape = [2, 5, 6];
  const size = networkSize(aim, { width: 60, classes: 0, shape });
  // Without what is drawn, which no difference quotient could follow.
  const { training, ...network } = buildNetwork(parseArchitecture(document), size);
  const weights = someWeights(network);
  const features = tensor("FP32", [3, 60], randomFloats("images", 180));
  const feeds = { features, mask, ...parametersIn(network, weights) };

  test("has the gradients of differences", async () => {
    await expectGradients(network, trainingGraph(network, aim), feeds, weights);
  });

  test("has one loss in training and evaluation, and does not see padding", async () => {
    const { sums } = await run(trainingGraph(network, aim), feeds);
    const measures = { task: "reconstruction", images: true } as const;
    const dirty = features.data.map((value, at) => (at < 120 ? value : 40 * value));
    const others = { ...feeds, features: tensor("FP32", [3, 60], dirty) };
    const told = await run(evaluationGraph(network, { ...aim, measures }), others);
    expect(floats(told.sums)[0]).toBe(floats(sums)[0]);
  });

  test("hides something in training, where it is to", () => {
    expect(training !== undefined).toBe("corrupt" in document);
  });

  test("tells its code, where it has one", () => {
    const code = network.graph.outputs.find(({ name }) => name === "code");
    expect(code?.shape).toEqual("code" in document ? ["batch", document.code] : undefined);
  });
});

describe.each([
  { type: "gpt", width: 6, heads: 2, layers: 2 },
  { type: "gpt", width: 4, heads: 1, layers: 1, feedforward: 5, tied: false },
])("%j", (document) => {
  const [context, vocabulary] = [4, 7];
  const loss = { type: "cross-entropy", labelSmoothing: 0.1 } as const;
  const aim = { task: "language-modeling", loss, batch: 3 } as const;
  const size = networkSize(aim, { width: context + 1, classes: 0, vocabulary });
  const network = buildNetwork(parseArchitecture(document), size);
  const weights = someWeights(network);
  const ids = [1, 6, 2, 2, 5, /**/ 3, 4, 1, 0, 0, /**/ 0, 0, 0, 0, 0];
  const feeds = {
    features: tensor("FP32", [3, context + 1], Float32Array.from(ids)),
    mask,
    ...parametersIn(network, weights),
  };
  const graph = modelOf(network.graph);

  test("has the gradients of differences", async () => {
    await expectGradients(network, trainingGraph(network, aim), feeds, weights);
  });

  test("has one loss in training and evaluation", async () => {
    const measures = { task: "language-modeling" } as const;
    const { sums } = await run(trainingGraph(network, aim), feeds);
    const told = await run(evaluationGraph(network, { ...aim, measures }), feeds);
    expect(floats(told.sums)[0]).toBe(floats(sums)[0]);
  });

  test("no place sees what comes after it; rows may be shorter", async () => {
    const ask = async (...row: number[]) => {
      const features = tensor("FP32", [1, row.length], Float32Array.from(row));
      const { outputs } = await run(graph, { features, ...parametersIn(network, weights) });
      expect(outputs?.shape).toEqual([1, row.length, vocabulary]);
      return floats(outputs);
    };
    const [whole, other, short] = [await ask(1, 6, 2, 3), await ask(1, 6, 4, 4), await ask(1, 6)];
    for (const [at, score] of short.entries()) {
      expect(whole[at]).toBeCloseTo(score, 5);
      expect(other[at]).toBeCloseTo(score, 5);
    }
    expect(whole.slice(14)).not.toEqual(other.slice(14));
  });
});

test.each([
  [{ type: "gpt" }, { width: 8, classes: 0, shape: [2, 2, 2] }, '"gpt" wants tokens'],
  [{ type: "unet" }, { width: 8, classes: 0 }, '"unet" wants images'],
  [{ type: "autoencoder", code: 2, filters: [2] }, { width: 8, classes: 0 }, "wants images"],
])("%j of %j is refused", (document, samples, words) => {
  const size = { features: samples.width, outputs: samples.width, ...samples };
  expect(() => buildNetwork(parseArchitecture(document), size)).toThrow(words);
});
