/**
 * A training that goes by what its validations show: it ends early, and what it keeps is the best
 * epoch, bit for bit what a job of so many epochs would have kept, whoever computes it and whatever
 * is killed meanwhile.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { openBlobs, parseDigest } from "@amaas/blobs";
import { jobStateName } from "@amaas/client";
import { ShardState } from "@amaas/proto/amaas/parameter_server/v1/parameter_server";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Run } from "./run.ts";
import { type Story, shortDigits, showLinesOnFailure, startStory } from "./story.ts";

const timeout = 180_000;
const stepsPerEpoch = 16;

/** A thousand digits, learned by heart within a few epochs. */
const overfitting = (training: object, resources = { workers: 2, servers: 2 }) => ({
  ...shortDigits({
    training: { epochs: 60, optimizer: { type: "adam", learningRate: 0.005 }, ...training },
    resources,
  }),
  split: { training: 0.1, validation: 0.1, test: 0.8 },
});
const early = { earlyStopping: { patience: 3 } };

let story: Story;
let alone: Run;

beforeAll(async () => {
  story = await startStory({ trainers: 3, servers: 3 });
  alone = await story.run(overfitting(early, { workers: 1, servers: 1 }));
}, timeout);
beforeEach(() => showLinesOnFailure(story));
afterAll(() => story?.stop());

function endingOf({ job }: Run) {
  const ending = job.outcome?.ending;
  if (!ending) throw new Error("the outcome came without the ending");
  return ending;
}

test("it ends early, and says so", async () => {
  const { keptEpoch, keptStep, reason } = endingOf(alone);
  expect(alone.bits.steps).toBe((keptEpoch + 3) * stepsPerEpoch);
  expect(alone.bits.steps).toBeLessThan(60 * stepsPerEpoch);
  expect(keptStep).toBe(keptEpoch * stepsPerEpoch);
  expect(reason).toBe(
    `stopped after epoch ${keptEpoch + 3}: no better validation loss for 3 epochs; ` +
      `the weights of epoch ${keptEpoch} are kept, the best by validation loss`,
  );
  expect(alone.job.progress).toMatchObject({
    totalSteps: alone.bits.steps,
    totalEpochs: keptEpoch + 3,
  });
  expect(await story.log(alone.job.id)).toContain(reason);
  const losses = (alone.job.progress?.evaluations ?? []).flatMap(({ split, metrics }) =>
    split === "validation" ? [metrics.loss ?? Number.NaN] : [],
  );
  expect(losses).toHaveLength(keptEpoch + 3);
  expect(losses.indexOf(Math.min(...losses))).toBe(keptEpoch - 1);
});

test("what it keeps is what a job of so many epochs keeps, and is what is tested and registered", {
  timeout,
}, async () => {
  const { keptEpoch } = endingOf(alone);
  const short = await story.run(overfitting({ epochs: keptEpoch }));
  expect(short.bits.weightsSha256).toBe(alone.bits.weightsSha256);
  expect(short.bits.digest).toBe(alone.bits.digest);
  const testOf = ({ job }: Run) => job.progress?.evaluations.find(({ split }) => split === "test");
  expect(testOf(alone)).toEqual(testOf(short));
  const registered = ({ version }: Run) => story.client.models.version("digits", version);
  expect((await registered(alone)).metrics).toEqual((await registered(short)).metrics);
});

test("without early stopping the best is kept as well, and the last where that is wanted", {
  timeout,
}, async () => {
  const epochs = endingOf(alone).keptEpoch + 2;
  const best = await story.run(overfitting({ epochs, keep: "best" }));
  expect(best.bits.weightsSha256).toBe(alone.bits.weightsSha256);
  expect(best.bits.steps).toBe(epochs * stepsPerEpoch);
  const last = await story.run(overfitting({ ...early, keep: "last" }));
  expect(last.bits.steps).toBe(alone.bits.steps);
  expect(endingOf(last).keptEpoch).toBe(endingOf(alone).keptEpoch + 3);
  expect(last.bits.weightsSha256).not.toBe(alone.bits.weightsSha256);
});

test.for([
  { workers: 2, servers: 1 },
  { workers: 1, servers: 2 },
  { workers: 3, servers: 3 },
])("workers: $workers, parameter servers: $servers", { timeout }, async (resources) => {
  expect((await story.run(overfitting(early, resources))).bits).toEqual(alone.bits);
});

test("on a plateau every shard takes smaller steps from the same step on", {
  timeout,
}, async () => {
  const epochs = endingOf(alone).keptEpoch + 8;
  const schedule = { type: "plateau", patience: 1, factor: 0.1, end: 0.01 };
  const plateau = (resources: { workers: number; servers: number }, changed: object = {}) =>
    overfitting({ epochs, schedule, checkpointEverySteps: 7, ...changed }, resources);
  const one = await story.run(plateau({ workers: 1, servers: 1 }));
  expect(one.job.progress?.learningRate).toBeLessThan(0.005);
  const cuts = (await story.log(one.job.id)).matchAll(/step (\d+), on a plateau: learning rate/g);
  const [first = 0] = Array.from(cuts, ([, step]) => Number(step));
  expect(first).toBeGreaterThan(0);

  // Up to the first cut it is the same training, and from there on another.
  const constant = await story.run(
    plateau({ workers: 2, servers: 2 }, { schedule: { type: "constant" } }),
  );
  expect(one.losses.slice(0, first + 1)).toEqual(constant.losses.slice(0, first + 1));
  expect(one.losses[first + 1]).not.toBe(constant.losses[first + 1]);

  const act = () => {
    for (const name of ["parameter-server-2", "trainer-1"]) story.suite.kill(name, "SIGKILL");
  };
  const killed = await story.run(plateau({ workers: 3, servers: 3 }), { atStep: first + 3, act });
  expect(killed.bits).toEqual(one.bits);
});

test("a training that runs away stops with where and on what, and keeps what was sound", {
  timeout,
}, async () => {
  const training = {
    // Each step takes eleven times a weight from it: ten times as much is left, of the other sign.
    optimizer: { type: "sgd", learningRate: 100, weightDecay: 0.11 },
    checkpointEverySteps: 1,
    epochs: 10,
  };
  const { id } = await story.submit(overfitting(training));
  const { job, losses } = await story.follow(id);
  expect(jobStateName(job.state)).toBe("failed");
  const told =
    /^trainer-\d: step (\d+), virtual shard (\d+): the (?:loss is NaN|loss is Infinity|gradient is not finite); samples (.*) of the training split; largest gradients: (.*); a smaller/.exec(
      job.reason,
    );
  expect(told, job.reason).not.toBeNull();
  const [, step, leaf, samples = "", gradients] = told ?? [];
  expect(Number(step)).toBe(losses.length);
  expect(Number(leaf)).toBeLessThan(8);
  expect(new Set(samples.split(", ").map(Number)).size).toBe(8);
  expect(Math.max(...samples.split(", ").map(Number))).toBeLessThan(1_000);
  expect(gradients).toMatch(/^\S+ (NaN|Infinity|[\d.e+]+), \S+ \S+, \S+ \S+$/);

  // Each shard's state at the newest step that all have kept, in the blob store, and finite.
  expect(job.checkpoint?.step).toBeGreaterThan(0);
  expect(job.checkpoint?.step).toBeLessThanOrEqual(Number(step));
  expect(job.checkpoint?.digests).toHaveLength(2);
  const blobs = openBlobs(pathToFileURL(join(story.directory, "blobs")).href);
  for (const digest of job.checkpoint?.digests ?? []) {
    const state = ShardState.decode(await blobs.get(parseDigest(digest)));
    expect(state.step).toBe(job.checkpoint?.step);
    const weights = new Float32Array(new Uint8Array(state.weights).buffer);
    expect(weights.length).toBeGreaterThan(0);
    expect(weights.every(Number.isFinite)).toBe(true);
  }
});

test.for([
  ["after the best epoch", "the lead", ["parameter-server-1"], 1.5],
  [
    "after the best epoch",
    "all parameter servers",
    ["parameter-server-1", "parameter-server-2"],
    2,
  ],
  ["at the end of the best epoch", "a trainer", ["trainer-1"], 0],
  ["at the end", "the lead", ["parameter-server-1"], 3],
  ["at the end", "the other parameter server", ["parameter-server-2"], 3],
  ["at the end", "all trainers", ["trainer-1", "trainer-2", "trainer-3"], 3],
  ["at the end", "the scheduler and the lead", ["scheduler", "parameter-server-1"], 3],
] as const)("killed %s: %s", { timeout }, async ([, , names, epochs]) => {
  const atStep = endingOf(alone).keptStep + epochs * stepsPerEpoch;
  let acted = false;
  const act = () => {
    acted = true;
    for (const name of names) story.suite.kill(name, "SIGKILL");
  };
  // More often than it has to be, so that there is something to go back to.
  const { bits } = await story.run(overfitting({ ...early, checkpointEverySteps: 7 }), {
    atStep,
    act,
  });
  expect(acted).toBe(true);
  expect(bits).toEqual(alone.bits);
});

const adam = { type: "adam", learningRate: 0.005, clipNorm: 0.5 };
const lamb = { type: "lamb", learningRate: 0.02, weightDecay: 0.01, clipNorm: 0.5 };
const averaging = { type: "ema", decay: 0.9 };

test.for([
  ["clipped by the norm, and averaged", { optimizer: adam, averaging }],
  ["by LAMB, clipped by the norm, and averaged", { optimizer: lamb, averaging }],
] as const)("early stopping of a training %s", { timeout }, async ([, training]) => {
  const job = (discipline: object, each: number) =>
    overfitting(
      { ...training, checkpointEverySteps: 7, ...discipline },
      { workers: each, servers: each },
    );
  const one = await story.run(job(early, 1));
  const { keptEpoch, keptStep, reason } = endingOf(one);
  expect(reason).toContain(`the weights of epoch ${keptEpoch} are kept, the best by`);
  expect(one.bits.steps).toBe((keptEpoch + 3) * stepsPerEpoch);
  expect(one.bits.steps).toBeLessThan(60 * stepsPerEpoch);

  // With the average, that of the best epoch: what a job that ends there registers.
  const short = await story.run(job({ epochs: keptEpoch }, 2));
  expect(short.bits.weightsSha256).toBe(one.bits.weightsSha256);

  const killedNames: string[] = [];
  const kill = (...names: string[]) => ({
    act: () => {
      killedNames.push(...names);
      for (const name of names) story.suite.kill(name, "SIGKILL");
    },
  });
  const killed = await story.run(
    job(early, 2),
    { atStep: keptStep + 8, ...kill("parameter-server-1", "trainer-1") },
    { atStep: one.bits.steps, ...kill("parameter-server-2") },
  );
  expect(killed.bits).toEqual(one.bits);
  expect(killedNames).toHaveLength(3);
});
