/** Embeddings, all the way through: digits of one kind near to each other, with the same bits for one worker and for three. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeNpy } from "@amaas/data";
import { examples } from "@amaas/examples";
import { tensor } from "@amaas/tensor";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Run } from "./run.ts";
import { type Story, showLinesOnFailure, startStory } from "./story.ts";

const timeout = 240_000;

let story: Story;
beforeAll(async () => {
  story = await startStory({ trainers: 3, servers: 2 });
}, timeout);
beforeEach(() => showLinesOnFailure(story));
afterAll(() => story?.stop());

const job = (workers: number) => ({
  name: "digits-near",
  task: "embedding",
  data: { format: "arrays", features: "images.npy", labels: "labels.npy" },
  architecture: { type: "mlp", hidden: [64] },
  training: {
    epochs: 2,
    batchSize: 256,
    virtualShards: 4,
    loss: { type: "infonce", width: 16 },
    optimizer: { type: "adam", learningRate: 0.002 },
  },
  resources: { workers, servers: 2 },
  gate: { metric: "recallAt1", min: 0.85 },
});
let run: Run;
beforeAll(async () => {
  run = await story.run(job(1));
}, timeout);

test("have the same bits with three workers", { timeout }, async () => {
  expect((await story.run(job(3))).bits).toEqual(run.bits);
});

test("of one digit are nearer to each other than to those of others", async () => {
  const folder = join(story.directory, "near");
  await examples.digits.writeData(folder);
  const images = decodeNpy(await readFile(join(folder, "images.npy")));
  const labels = decodeNpy(await readFile(join(folder, "labels.npy")));
  const rows = 200;
  const input = tensor(
    "FP32",
    [rows, 784],
    Float32Array.from(images.data.slice(0, rows * 784), Number),
  );
  const { embedding } = await story.client.predict("digits-near", { input });
  expect(embedding?.shape).toEqual([rows, 16]);
  const vectors = Array.from({ length: rows }, (_, row) =>
    Array.from(embedding!.data.slice(row * 16, row * 16 + 16), Number),
  );
  const cosine = (a: number[], b: number[]) => a.reduce((sum, x, at) => sum + x * b[at]!, 0);
  const right = vectors.filter((vector, row) => {
    const others = vectors.map((other, at) => (at === row ? -2 : cosine(vector, other)));
    return labels.data[others.indexOf(Math.max(...others))] === labels.data[row];
  });
  expect(right.length / rows).toBeGreaterThan(0.8);
});
