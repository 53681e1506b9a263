/**
 * One spec, one result: whatever the number of workers, of parameter servers and of compute
 * threads, every run ends with the same weights, the same loss curve and the same evaluations, bit
 * for bit.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Run } from "./run.ts";
import { type Story, shortDigits, showLinesOnFailure, startStory } from "./story.ts";

const timeout = 120_000;

/** No power of two, no round number: the tree lacks a leg, and an epoch's last step is short. */
const uneven = { training: { epochs: 1, batchSize: 66, virtualShards: 6 } };

let alone: Run;
let unevenAlone: Run;

describe("three trainers and three parameter servers", () => {
  let story: Story;

  beforeAll(async () => {
    story = await startStory({ trainers: 3, servers: 3 });
    const resources = { workers: 1, servers: 1 };
    alone = await story.run(shortDigits({ resources }));
    unevenAlone = await story.run(shortDigits({ ...uneven, resources }));
  }, timeout);
  beforeEach(() => showLinesOnFailure(story));
  afterAll(() => story?.stop());

  test("the run that the others are held against has learned something", () => {
    expect(alone.bits.steps).toBe(250);
    expect(alone.losses[0]).toBeGreaterThan(2);
    expect(alone.losses.at(-1)).toBeLessThan(0.6);
    expect(JSON.parse(alone.bits.evaluations)).toMatchObject([
      { step: 125, split: "validation" },
      { step: 250, split: "validation", metrics: { accuracy: expect.any(Number) } },
      { step: 250, split: "test" },
    ]);
  });

  test.for([
    { workers: 1, servers: 1 },
    { workers: 2, servers: 1 },
    { workers: 1, servers: 2 },
    { workers: 2, servers: 2 },
    { workers: 3, servers: 3 },
  ])("workers: $workers, parameter servers: $servers", { timeout }, async (resources) => {
    const run = await story.run(shortDigits({ resources }));
    expect(run.bits).toEqual(alone.bits);
  });

  test("6 virtual shards; workers: 3, parameter servers: 2", { timeout }, async () => {
    const resources = { workers: 3, servers: 2 };
    const run = await story.run(shortDigits({ ...uneven, resources }));
    expect(run.bits).toEqual(unevenAlone.bits);
    expect(run.bits.steps).toBe(122);
  });

  test("clipped by the norm over all servers, on a schedule", { timeout }, async () => {
    const training = {
      ...uneven.training,
      optimizer: { type: "nadam", learningRate: 0.002, clipNorm: 0.5 },
      schedule: { type: "cosine", unit: "step", warmup: { length: 20 } },
    };
    const once = await story.run(shortDigits({ training, resources: { workers: 1, servers: 1 } }));
    expect(once.losses.at(-1)).toBeLessThan(0.6);
    const run = await story.run(shortDigits({ training, resources: { workers: 3, servers: 3 } }));
    expect(run.bits).toEqual(once.bits);
    // The last rate of the cosine, which the training view shows.
    const place = (once.bits.steps - 1 - 20) / (once.bits.steps - 20);
    const rate = (0.002 * (1 + Math.cos(Math.PI * place))) / 2;
    expect(run.job.progress?.learningRate).toBeCloseTo(rate, 12);
  });

  test("tensor by tensor, by lengths over all servers", { timeout }, async () => {
    const training = {
      ...uneven.training,
      optimizer: { type: "lamb", learningRate: 0.02, clipNorm: 1 },
    };
    const once = await story.run(shortDigits({ training, resources: { workers: 1, servers: 1 } }));
    expect(once.losses.at(-1)).toBeLessThan(0.6);
    const run = await story.run(shortDigits({ training, resources: { workers: 3, servers: 3 } }));
    expect(run.bits).toEqual(once.bits);
  });

  test("averaged weights are what is evaluated and kept", { timeout }, async () => {
    const averaging = { type: "ema", decay: 0.9 };
    const training = { ...uneven.training, epochs: 2, keep: "best", averaging };
    const once = await story.run(shortDigits({ training, resources: { workers: 1, servers: 1 } }));
    const run = await story.run(shortDigits({ training, resources: { workers: 3, servers: 3 } }));
    expect(run.bits).toEqual(once.bits);
  });

  test("averages are of no influence on the training", { timeout }, async () => {
    // They hardly leave the weights that the training began with.
    const averaging = { type: "ema", decay: 0.999999, warmup: false };
    const run = await story.run(shortDigits({ training: { ...uneven.training, averaging } }));
    expect(run.losses).toEqual(unevenAlone.losses);
    expect(run.bits.weightsSha256).not.toBe(unevenAlone.bits.weightsSha256);
    expect(run.losses.at(-1)).toBeLessThan(0.6);
    for (const { metrics } of JSON.parse(run.bits.evaluations))
      expect(metrics.loss).toBeCloseTo(run.losses[0] ?? 0, 0);
  });

  test("another seed is another run", { timeout }, async () => {
    const run = await story.run(shortDigits({ training: { ...uneven.training, seed: 1 } }));
    expect(run.bits.weightsSha256).not.toBe(unevenAlone.bits.weightsSha256);
    expect(run.bits.lossesSha256).not.toBe(unevenAlone.bits.lossesSha256);
  });
});

describe("one trainer of two threads and one parameter server", () => {
  let story: Story;

  beforeAll(async () => {
    story = await startStory({ trainers: 1, servers: 1, env: { AMAAS_TRAINER_THREADS: "2" } });
  }, timeout);
  beforeEach(() => showLinesOnFailure(story));
  afterAll(() => story?.stop());

  test("the same bits, though fewer workers than asked for", { timeout }, async () => {
    const run = await story.run(shortDigits({ resources: { workers: 2, servers: 2 } }));
    expect(run.bits).toEqual(alone.bits);
  });

  test("the same bits with 6 virtual shards", { timeout }, async () => {
    expect((await story.run(shortDigits(uneven))).bits).toEqual(unevenAlone.bits);
  });
});

describe("two trainers that read their rows from files", () => {
  let story: Story;

  beforeAll(async () => {
    const env = { AMAAS_TRAINER_ROWS_MEMORY: "0", AMAAS_TRAINER_THREADS: "2" };
    story = await startStory({ trainers: 2, servers: 1, env });
  }, timeout);
  beforeEach(() => showLinesOnFailure(story));
  afterAll(() => story?.stop());

  test("the same bits as from memory", { timeout }, async () => {
    const run = await story.run(shortDigits({ resources: { workers: 2, servers: 1 } }));
    expect(run.bits).toEqual(alone.bits);
  });
});
