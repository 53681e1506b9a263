/**
 * Training without labels, all the way through: digits that are drawn again from eight numbers each.
 *
 * The contract holds as it does for labels: the same bits for one worker and for three.
 */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeNpy } from "@amaas/data";
import { examples } from "@amaas/examples";
import { tensor } from "@amaas/tensor";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Run } from "./run.ts";
import { type Story, showLinesOnFailure, startStory } from "./story.ts";

const timeout = 240_000;

let story: Story;
beforeAll(async () => {
  story = await startStory({ trainers: 3, servers: 2 });
}, timeout);
beforeEach(() => showLinesOnFailure(story));
afterAll(() => story?.stop());

describe("reconstruction", () => {
  const job = (workers: number) => ({
    name: "digits-again",
    task: "reconstruction",
    data: { format: "arrays", features: "images.npy" },
    architecture: { type: "mlp", hidden: [64, 8, 64] },
    training: { epochs: 1, batchSize: 64, optimizer: { type: "adam", learningRate: 0.003 } },
    resources: { workers, servers: 2 },
    gate: { metric: "mse", max: 0.09 },
  });
  let run: Run;
  beforeAll(async () => {
    run = await story.run(job(1));
  }, timeout);

  test("has the same bits with three workers", { timeout }, async () => {
    expect((await story.run(job(3))).bits).toEqual(run.bits);
  });

  test("gives rows back in their own units, and tells what is like none", { timeout }, async () => {
    const folder = join(story.directory, "again");
    await examples.digits.writeData(folder);
    const images = decodeNpy(await readFile(join(folder, "images.npy")));
    const digits = Float32Array.from(images.data.slice(0, 20 * 784), Number);
    const noise = digits.map((_, at) => (at * 7919) % 256);
    const ask = (rows: Float32Array) =>
      story.client.predict("digits-again", { input: tensor("FP32", [20, 784], rows) });
    const again = await ask(digits);
    expect(again.reconstruction?.shape).toEqual([20, 784]);
    const mean = (values: Iterable<unknown>) => {
      const numbers = Array.from(values, Number);
      return numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
    };
    const squares = digits.map((value, at) => {
      const error = (value - Number(again.reconstruction?.data[at])) / 255;
      return error * error;
    });
    const errors = mean(again.error?.data ?? []);
    expect(mean(squares)).toBeCloseTo(errors, 5);
    expect(errors).toBeLessThan(0.09);
    expect(mean((await ask(noise)).error?.data ?? [])).toBeGreaterThan(2 * errors);
  });
});
