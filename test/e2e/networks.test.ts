/**
 * Networks of images, series and tokens, end to end: what is dropped and augmented is the same whoever computes it, after
 * a kill too; what is frozen stays; what is served answers arrays as they were trained on.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeNpy } from "@amaas/data";
import { readModel } from "@amaas/graph";
import { buildNetwork, initialValues, layout } from "@amaas/nn";
import { hashKey, normal, uniform } from "@amaas/random";
import { parseArchitecture } from "@amaas/spec";
import { tensor } from "@amaas/tensor";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Story, showLinesOnFailure, startStory } from "./story.ts";

const timeout = 180_000;
const rows = 480;
const side = 8;

let story: Story;
const file = (name: string) => join(story.directory, name);

/** Bars that lie or stand, in noise: whether they lie is the label. */
function bars(): { images: Float32Array; labels: Uint8Array } {
  const key = hashKey("bars");
  const images = new Float32Array(rows * side * side);
  const labels = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) {
    const lies = uniform(key, 2 * row) < 0.5;
    const at = Math.floor(side * uniform(key, 2 * row + 1));
    labels[row] = Number(lies);
    for (let place = 0; place < side * side; place++) {
      const [y, x] = [Math.floor(place / side), place % side];
      const index = row * side * side + place;
      images[index] = Number((lies ? y : x) === at) + 0.3 * normal(key, 10_000 + index);
    }
  }
  return { images, labels };
}

/** Texts of up to 10 tokens; whether there is a 7 in one is the label. */
function texts(): { ids: Int32Array; labels: Uint8Array } {
  const key = hashKey("texts");
  const ids = new Int32Array(rows * 10);
  const labels = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) {
    const length = 3 + Math.floor(8 * uniform(key, 20 * row));
    const has = uniform(key, 20 * row + 1) < 0.5;
    for (let place = 0; place < length; place++)
      ids[row * 10 + place] = 1 + Math.floor(6 * uniform(key, 20 * row + 2 + place));
    if (has) ids[row * 10 + Math.floor(length * uniform(key, 20 * row + 15))] = 7;
    labels[row] = Number(has);
  }
  return { ids, labels };
}

beforeAll(async () => {
  story = await startStory({ trainers: 3, servers: 2 });
  const { images, labels } = bars();
  const { ids, labels: sevens } = texts();
  await Promise.all([
    writeFile(file("bars.npy"), encodeNpy(tensor("FP32", [rows, side, side], images))),
    writeFile(file("lie.npy"), encodeNpy(tensor("UINT8", [rows], labels))),
    writeFile(file("texts.npy"), encodeNpy(tensor("INT32", [rows, 10], ids))),
    writeFile(file("sevens.npy"), encodeNpy(tensor("UINT8", [rows], sevens))),
  ]);
}, timeout);
beforeEach(() => showLinesOnFailure(story));
afterAll(() => story?.stop());

const jobs = {
  cnn: {
    data: { features: "bars.npy", labels: "lie.npy" },
    architecture: {
      type: "cnn",
      blocks: [{ filters: 8 }],
      hidden: [16],
      norm: "group",
      dropout: 0.2,
    },
    training: {
      epochs: 6,
      augmentation: { flip: "both", crop: 1, jitter: { brightness: 0.1, contrast: 0.1 } },
      freeze: ["block0/conv0/*"],
    },
  },
  resnet: {
    data: { features: "bars.npy", labels: "lie.npy" },
    architecture: { type: "resnet", blocks: [1, 1], width: 4 },
    training: { epochs: 3 },
  },
  gru: {
    data: { features: "bars.npy", labels: "lie.npy", shape: [side, side] },
    architecture: { type: "gru", hidden: 12, dropout: 0.1 },
    training: { epochs: 10 },
  },
  transformer: {
    data: { features: "texts.npy", labels: "sevens.npy", vocabulary: 8 },
    architecture: { type: "transformer", width: 16, heads: 2, layers: 1, dropout: 0.1 },
    training: { epochs: 12 },
  },
};

function jobOf(name: keyof typeof jobs, workers: number): object {
  const { data, architecture, training } = jobs[name];
  const { features, labels, ...seen } = data;
  return {
    name,
    task: "classification",
    data: { format: "arrays", features: file(features), labels: file(labels), ...seen },
    architecture,
    training: {
      batchSize: 32,
      virtualShards: 4,
      optimizer: { type: "adam", learningRate: 0.01 },
      checkpointEverySteps: 7,
      ...training,
    },
    resources: { workers, servers: Math.min(workers, 2) },
    gate: { metric: "accuracy", min: 0.6 },
  };
}

function accuracyOf(evaluations: string): number {
  const all: { split: string; metrics: { accuracy: number } }[] = JSON.parse(evaluations);
  return all.find(({ split }) => split === "test")!.metrics.accuracy;
}

test.for([
  ["cnn", 0.9],
  ["resnet", 0.9],
  ["gru", 0.8],
  ["transformer", 0.85],
] as const)(
  "%s: learns, and with three workers and a kill the same",
  { timeout },
  async ([name, accuracy]) => {
    const alone = await story.run(jobOf(name, 1));
    expect(accuracyOf(alone.bits.evaluations)).toBeGreaterThan(accuracy);
    const atStep = 10;
    const act = () => story.suite.kill("trainer-2", "SIGKILL");
    const disturbed = await story.run(jobOf(name, 3), { atStep, act });
    expect(disturbed.bits).toEqual(alone.bits);
  },
);

test("what is frozen is in the model as it began, and images go in as the array has them", {
  timeout,
}, async () => {
  const { version, bits } = await story.run(jobOf("cnn", 2));
  await story.client.waitServed("cnn", version);
  const { images, labels } = bars();
  const input = tensor("FP32", [rows, side, side], images);
  const { label } = await story.client.predict("cnn", { input });
  const right = labels.filter((lies, row) => Number(label?.data[row]) === lies).length;
  expect(right / rows).toBeGreaterThan(0.9);

  await story.client.blobs.download(bits.digest, file("cnn.onnx"));
  const { initializers } = readModel(await readFile(file("cnn.onnx"))).graph;
  const { parameters } = buildNetwork(parseArchitecture(jobs.cnn.architecture), {
    features: side * side,
    outputs: 2,
    shape: [1, side, side],
  });
  const began = initialValues(parameters, 0);
  const { offset, length } = layout(parameters).find(({ name }) => name === "block0/conv0/weight")!;
  expect(initializers.get("block0/conv0/weight")!.data).toEqual(
    began.slice(offset, offset + length),
  );
});
