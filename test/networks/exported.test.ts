/** Whole models as exporters write them: which a job can go on from, in any number of rows, and what is said of the others. */
import { openSession } from "@amaas/engine";
import { type Model, readModel, withInitializers, writeModel } from "@amaas/graph";
import { buildNetwork, initialValues, layout, trainingGraph } from "@amaas/nn";
import { parseArchitecture } from "@amaas/spec";
import { elementCount, type Tensor, tensor } from "@amaas/tensor";
import { expect, test } from "vitest";
import { type ModelCase, models } from "../gradients/model-case.ts";
import { feedsOf } from "../gradients/parameters.ts";

/** No file was exported for so many. */
const batch = 7;
const outputs = 3;

/** What a refusal says, by the start of the title; the last three have a number of rows written into them. */
const refusals: Readonly<Record<string, RegExp>> = {
  BERT: /SoftmaxCrossEntropyLoss ".*" makes the output, wanted a dense layer/,
  "GPT-2, 2 layers, loss": /SoftmaxCrossEntropyLoss ".*" makes the output/,
  "GPT-2, 2 layers": /takes is FP32 \[3,8,64\], wanted FP32 \[samples, width\]/,
  "U-Net": /Conv ".*" makes the output, wanted a dense layer/,
  "LSTM classifier, torch.onnx, dynamo": /\[3,\d+\], wanted .*export it for any number of samples/,
  "GRU classifier, torch.onnx, TorchScript": /do not broadcast/,
  "ViT, 2 blocks, torch.onnx, TorchScript": /\[2,\d+\], wanted .*export it for any number/,
};

function fileOf(model: ModelCase, feeds: Readonly<Record<string, Tensor>>): Model {
  const raw = readModel(model.source.blob(model.file));
  const given = new Set(raw.graph.inputs.map(({ name }) => name));
  const named = model.initializers.filter(({ name }) => given.has(name));
  return withInitializers(raw, new Map(named.map(({ name }) => [name, feeds[name]!])));
}

const cases = models
  // One of the large ones is enough: with normalization as it was, for four images.
  .filter(({ name, exporter }) => name !== "ResNet-18" || exporter.includes("optimize=False"))
  .map((model) => [`${model.name}, ${model.exporter}, ${model.mode}`, model] as const);

test.each(cases)("%s", { timeout: 120_000 }, async (title, model) => {
  const feeds = feedsOf(model);
  const file = fileOf(model, feeds);
  const sample = feeds[file.graph.inputs[0]!.name]!;
  const shape = sample.shape.slice(1);
  const features = elementCount(shape);
  const head = { outputs: "replace" };
  const spec = parseArchitecture({ type: "onnx", file: "a", output: model.output, head });
  const tokens = sample.type.startsWith("INT") ? { vocabulary: 2 } : {};
  const aim = {
    task: "classification",
    loss: { type: "cross-entropy", labelSmoothing: 0 },
    batch,
  } as const;
  const make = () => {
    const network = buildNetwork(spec, { features, outputs, shape, ...tokens }, file);
    return { network, training: trainingGraph(network, aim) };
  };
  const refusal = Object.keys(refusals).find((start) => title.startsWith(start));
  if (refusal !== undefined) return expect(make).toThrow(refusals[refusal]);
  const made = make();
  const weights = initialValues(made.network.parameters, 0);
  const parameters = layout(made.network.parameters).map((place) => [
    place.name,
    tensor("FP32", place.shape, weights.slice(place.offset, place.offset + place.length)),
  ]);
  const rows = Float32Array.from({ length: batch * features }, (_, at) => (at * 7) % 2);
  const session = await openSession(writeModel(made.training));
  const found = await session.run({
    ...Object.fromEntries(parameters),
    features: tensor("FP32", [batch, features], rows),
    labels: tensor("INT32", [batch], new Int32Array(batch).fill(1)),
    mask: tensor("FP32", [batch], new Float32Array(batch).fill(1)),
  });
  await session.release();
  for (const [output, { data }] of Object.entries(found))
    expect(Array.from(data, Number).every(Number.isFinite), output).toBe(true);
  expect(found["grad/head/weight"]?.data.some((slope) => slope !== 0)).toBe(true);
});
