/**
 * Jobs that go on from an ONNX file of somebody else's: a CNN that PyTorch trained on five digits learns ten, the same for
 * any number of workers, with its convolutions as the file has them; and files that are of no use are refused in words.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { jobStateName } from "@amaas/client";
import { graphBuilder, readModel, writeModel } from "@amaas/graph";
import { tensor } from "@amaas/tensor";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { fileOf } from "../networks/onnx-files.ts";
import { type Story, showLinesOnFailure, startStory } from "./story.ts";

const timeout = 180_000;

let story: Story;
const file = (name: string) => join(story.directory, name);

beforeAll(async () => {
  story = await startStory({ trainers: 2, servers: 2 });
  await writeFile(file("cnn.onnx"), fileOf("training"));
}, timeout);
beforeEach(() => showLinesOnFailure(story));
afterAll(() => story?.stop());

interface Change {
  readonly architecture?: object;
  readonly training?: object;
  readonly workers?: number;
}

function jobOf(name: string, { architecture, training, workers = 1 }: Change = {}): object {
  return {
    name,
    task: "classification",
    data: { format: "arrays", features: "images.npy", labels: "labels.npy", shape: [1, 28, 28] },
    split: { use: 0.5 },
    architecture: {
      type: "onnx",
      file: file("cnn.onnx"),
      head: { outputs: "replace" },
      ...architecture,
    },
    training: {
      epochs: 2,
      batchSize: 64,
      optimizer: { type: "adam", learningRate: 0.003 },
      checkpointEverySteps: 20,
      ...training,
    },
    resources: { workers, servers: workers },
  };
}

function accuracyOf(evaluations: string): number {
  const all: { split: string; metrics: { accuracy: number } }[] = JSON.parse(evaluations);
  return all.find(({ split }) => split === "test")!.metrics.accuracy;
}

const frozen = ["conv*"];

test("a file is trained on with a new head, its convolutions as they are, by one worker as by two", {
  timeout,
}, async () => {
  const training = { freeze: frozen };
  const alone = await story.run(jobOf("tuned", { training }));
  expect(accuracyOf(alone.bits.evaluations)).toBeGreaterThan(0.85);
  const atStep = 30;
  const act = () => story.suite.kill("trainer-2", "SIGKILL");
  const together = jobOf("tuned", { training, workers: 2 });
  const disturbed = await story.run(together, { atStep, act });
  expect(disturbed.bits).toEqual(alone.bits);

  await story.client.blobs.download(alone.bits.digest, file("tuned.onnx"));
  const { initializers } = readModel(await readFile(file("tuned.onnx"))).graph;
  const began = readModel(fileOf("training")).graph.initializers;
  const kept = [...began.keys()].filter((name) => /^conv|running/.test(name));
  expect(kept).toHaveLength(7);
  for (const name of kept) expect(initializers.get(name), name).toEqual(began.get(name));
  expect(initializers.get("norm2.weight")).not.toEqual(began.get("norm2.weight"));
  expect(initializers.get("head/weight")?.shape).toEqual([588, 10]);
  expect(initializers.has("fc.weight")).toBe(false);

  await story.client.waitServed("tuned", alone.version);
  const input = tensor("FP32", [1, 784], new Float32Array(784));
  const { probabilities } = await story.client.predict("tuned", { input });
  expect(probabilities?.shape).toEqual([1, 10]);
});

test("all of it is trained from new values", { timeout }, async () => {
  const { bits } = await story.run(jobOf("fresh", { architecture: { initial: "fresh" } }));
  expect(accuracyOf(bits.evaluations)).toBeGreaterThan(0.85);
  await story.client.blobs.download(bits.digest, file("fresh.onnx"));
  const { initializers } = readModel(await readFile(file("fresh.onnx"))).graph;
  const began = readModel(fileOf("training")).graph.initializers;
  expect(initializers.get("conv1.weight")).not.toEqual(began.get("conv1.weight"));
});

/** An operator on the way to the weights that has no gradient. */
function withoutGradient(): Uint8Array {
  const g = graphBuilder("odd");
  const x = g.input("x", "FP32", ["batch", 784]);
  const weight = g.initializer("weight", tensor("FP32", [784, 10], new Float32Array(7840)));
  const type = { type: "FP32", shape: ["batch", 10] } as const;
  const options = { domain: "com.example", name: "odd", types: [type] };
  g.output("y", g.node("Odd", [g.matMul(x, weight)], {}, options));
  return writeModel(g.model());
}

test.for([
  ["no ONNX", "architecture.file: this is no readable ONNX model", {}],
  ["no gradient", 'node "odd" (Odd, com.example opset 1)', {}],
  ["five outputs", "is FP32 [batch,5], wanted FP32 [samples, 10]", { head: { outputs: "keep" } }],
  ["no such weight", 'architecture.train[0]: found "layer4.*"', { train: ["layer4.*"] }],
] as const)("%s: the job fails and says why", { timeout }, async ([name, says, architecture]) => {
  const contents = { "no ONNX": Buffer.from("PK\u0003\u0004"), "no gradient": withoutGradient() };
  const bytes = name === "no ONNX" || name === "no gradient" ? contents[name] : undefined;
  const path = bytes ? file("faulty.onnx") : file("cnn.onnx");
  if (bytes) await writeFile(path, bytes);
  const head = { outputs: name === "no gradient" ? "keep" : "replace" };
  const faulty = { file: path, head, ...architecture };
  const { id } = await story.submit(jobOf("faulty", { architecture: faulty }));
  const { job } = await story.follow(id);
  expect(jobStateName(job.state)).toBe("failed");
  expect(job.reason).toContain(says);
});
