/** Language modeling that goes on from files of PyTorch's: the same scores at every place, and the losses of 20 steps. */
import { openSession } from "@amaas/engine";
import { readModel, writeModel } from "@amaas/graph";
import {
  buildNetwork,
  initialValues,
  layout,
  networkSize,
  outputGraph,
  trainingGraph,
} from "@amaas/nn";
import { createOptimizer } from "@amaas/optim";
import { parseArchitecture, parseJobSpec } from "@amaas/spec";
import { type Tensor, tensor } from "@amaas/tensor";
import { expect, test } from "vitest";
import { array, header, type LanguageFile, languageFile } from "./language-files.ts";

const { context, tokens } = header;
const width = context + 1;
/** Of ids as the suite gives them, before those of the file. */
const first = 2;
const architecture = { type: "onnx", file: "gpt.onnx" };
const aim = {
  task: "language-modeling",
  loss: { type: "cross-entropy", labelSmoothing: 0 },
} as const;

const numbers = (value: Tensor | undefined) => Array.from(value?.data ?? [], Number);

function networkOf(name: LanguageFile) {
  const vocabulary = tokens.length + first;
  const size = networkSize(aim, {
    width,
    classes: 0,
    shape: [width],
    vocabulary,
    firstOfFile: first,
  });
  return buildNetwork(parseArchitecture(architecture), size, readModel(languageFile(name)));
}

function idsOf(rows: Tensor, columns = width, from = 0, count = rows.shape[0]!): Tensor {
  const ids = numbers(rows).slice(from * width, (from + count) * width);
  const seen = ids.filter((_, at) => at % width < columns).map((id) => id + first);
  return tensor("FP32", [count, columns], Float32Array.from(seen));
}

function views(network: ReturnType<typeof networkOf>, vector: Float32Array, prefix = "") {
  return Object.fromEntries(
    layout(network.parameters).map(({ name, shape, offset, length }) => [
      prefix + name,
      tensor("FP32", shape, vector.subarray(offset, offset + length)),
    ]),
  );
}

test.each(["written", "attention", "huggingFace"] as const)(
  "the file %s scores tokens as PyTorch does, and gives none to padding",
  async (name) => {
    const network = networkOf(name);
    const features = idsOf(array(header.shown), context);
    const weights = views(network, initialValues(network.parameters, 0));
    const rows = features.shape[0]!;
    const session = await openSession(writeModel(outputGraph(network, rows)));
    const { outputs } = await session.run({ features, ...weights });
    await session.release();
    expect(outputs?.shape).toEqual([rows, context, tokens.length + first]);
    const wanted = numbers(array(header.scores[name]));
    const found = numbers(outputs).filter((_, at) => at % (tokens.length + first) >= first);
    expect(found).toHaveLength(wanted.length);
    for (const [at, score] of found.entries())
      expect(Math.abs(score - wanted[at]!), `score ${at}`).toBeLessThan(1e-4);
    expect(numbers(outputs).filter((score) => score === -1e9)).toHaveLength(rows * context * first);
  },
);

test.each(["written", "attention", "huggingFace"] as const)(
  "every parameter of the file %s has a slope",
  async (name) => {
    const network = networkOf(name);
    const features = idsOf(array(header.shown));
    const batch = features.shape[0]!;
    const mask = tensor("FP32", [batch], new Float32Array(batch).fill(1));
    const weights = views(network, initialValues(network.parameters, 0));
    const session = await openSession(writeModel(trainingGraph(network, { ...aim, batch })));
    const { sums: _, ...slopes } = await session.run({ features, mask, ...weights });
    await session.release();
    expect(Object.keys(slopes)).toHaveLength(network.parameters.length);
    for (const [of, slope] of Object.entries(slopes)) {
      expect(numbers(slope).every(Number.isFinite), of).toBe(true);
      expect(
        numbers(slope).some((value) => value !== 0),
        of,
      ).toBe(true);
    }
  },
);

test("the operator Attention is one of a file", () => {
  const ops = readModel(languageFile("attention")).graph.nodes.map(({ op }) => op);
  expect(ops).toContain("Attention");
});

test("parameters are those of the model, without its causal mask", () => {
  const { parameters, graph } = networkOf("written");
  const names = parameters.map(({ name }) => name);
  // What the exporter has turned round has a name of its.
  const turned = names.filter((name) => name.startsWith("val_"));
  const inBlock = (block: number) => names.filter((name) => name.startsWith(`blocks.${block}.`));
  expect([0, 1].map((block) => inBlock(block).length)).toEqual([8, 8]);
  expect(turned).toHaveLength(9);
  const others = ["norm.bias", "norm.weight", "place.weight", "token.weight"];
  expect(names).toHaveLength(8 + 8 + turned.length + others.length);
  expect(names).toEqual(expect.arrayContaining(others));
  expect(graph.initializers.has("blocks.0.seen")).toBe(true);
});

test("it has PyTorch's losses over 20 steps", { timeout: 120_000 }, async () => {
  const { batch, rows, losses, optimizer: adam } = header.curve;
  const network = networkOf("written");
  const { training } = parseJobSpec({
    name: "gpt",
    task: "language-modeling",
    data: { format: "text", file: "a.txt" },
    architecture,
    training: { epochs: 1, batchSize: 8, optimizer: adam },
  });
  const optimizer = createOptimizer(training.optimizer);
  const weights = initialValues(network.parameters, 0);
  const derived = new Float32Array(weights.length);
  const slots = Array.from({ length: optimizer.slots }, () => new Float32Array(weights.length));
  const session = await openSession(writeModel(trainingGraph(network, { ...aim, batch })));
  const sums = tensor("FP32", [1], new Float32Array(1));
  const mask = tensor("FP32", [batch], new Float32Array(batch).fill(1));
  const wanted = numbers(array(losses));
  let scalars = optimizer.scalars();
  for (const [step, loss] of wanted.entries()) {
    const features = idsOf(array(rows), width, step * batch, batch);
    const feeds = { features, mask, ...views(network, weights) };
    await session.run(feeds, { sums, ...views(network, derived, "grad/") });
    expect(Math.abs(Number(sums.data[0]) / batch / loss - 1), `step ${step}`).toBeLessThan(1e-4);
    scalars = optimizer.advance(scalars);
    optimizer.update({ weights, gradient: derived, slots }, batch, scalars);
  }
  await session.release();
  expect(wanted).toHaveLength(20);
  expect(wanted.at(-1)).toBeLessThan(0.9 * wanted[0]!);
});
