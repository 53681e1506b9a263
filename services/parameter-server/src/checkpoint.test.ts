import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type BlobStore, openBlobs } from "@amaas/blobs";
import { createOptimizer, learningRate } from "@amaas/optim";
import { HostTask } from "@amaas/proto/amaas/scheduler/v1/fleet";
import { shardRange } from "@amaas/reduction";
import { parseJobSpec } from "@amaas/spec";
import { afterAll, beforeAll, expect, test } from "vitest";
import { restore, save } from "./checkpoint.ts";
import { Shard } from "./shard.ts";

const LENGTH = 11;
const STEPS = 8;
const initial = Float32Array.from({ length: LENGTH }, (_, i) => 0.3 * i - 1);
const gradientOf = (step: number) =>
  Float32Array.from({ length: LENGTH }, (_, i) => Math.sin(step * 31 + i) * 10 ** ((i % 4) - 2));

let folder: string;
let blobs: BlobStore;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "amaas-checkpoint-"));
  blobs = openBlobs(pathToFileURL(folder).href);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The weights after all steps, cut into shards, each of which begins again from a checkpoint after `stops`. */
async function train(optimizer: object, shards: number, stops: readonly number[]) {
  const { training } = parseJobSpec({
    name: "tiny",
    task: "regression",
    data: { format: "csv", file: "rows.csv", label: "y" },
    architecture: { type: "linear" },
    training: {
      epochs: 4,
      batchSize: 1,
      virtualShards: 1,
      optimizer,
      schedule: { type: "cosine", warmup: { length: 1 } },
    },
  });
  const rate = learningRate(training, { stepsPerEpoch: 2, totalSteps: STEPS });
  const prepared = {
    parameterCount: LENGTH,
    initialWeights: (await blobs.put(new Uint8Array(initial.buffer))).digest,
  };
  const whole = new Float32Array(LENGTH);
  for (let shard = 0; shard < shards; shard++) {
    const [from, to] = shardRange(LENGTH, shard, shards);
    const begin = async (step: number, checkpoint: string) => {
      const task = HostTask.fromPartial({ prepared, shard, shards, step, checkpoint });
      const made = createOptimizer(training.optimizer, rate);
      return new Shard((await restore(task, made, blobs)).state, made, 1);
    };
    let hosted = await begin(0, "");
    for (let step = 0; step < STEPS; step++) {
      if (stops.includes(step))
        hosted = await begin(step, await save({ state: hosted.state() }, blobs));
      const bytes = new Uint8Array(gradientOf(step).slice(from, to).buffer);
      const gradient = { level: 0, index: 0, version: step, chunk: 0, samples: 3, bytes };
      expect(hosted.contribute(gradient, () => undefined)).toBe("applied");
    }
    whole.set(hosted.state().weights, from);
  }
  return whole;
}

test.each([
  { type: "sgd", learningRate: 0.1, momentum: 0.9, weightDecay: 0.1, clipValue: 1 },
  { type: "adagrad", l1: 0.01 },
  { type: "rmsprop", centered: true, momentum: 0.9 },
  { type: "adam", amsgrad: true },
  { type: "adamw", weightDecay: 0.1 },
  { type: "adamax" },
  { type: "nadam" },
  { type: "lion", learningRate: 0.01 },
  { type: "ftrl", l1: 0.1 },
])("$type has the same bits from checkpoints, and in any number of shards", async (optimizer) => {
  const once = await train(optimizer, 1, []);
  expect(once.every((weight, i) => Number.isFinite(weight) && weight !== initial[i])).toBe(true);
  expect(await train(optimizer, 1, [3, 4])).toEqual(once);
  expect(await train(optimizer, 2, [1])).toEqual(once);
  expect(await train(optimizer, 3, [5, 7])).toEqual(once);
});
