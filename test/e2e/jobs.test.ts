/**
 * Jobs beside and after each other: cancelled ones, failed ones and waiting ones leave the trainers
 * and parameter servers as they found them.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Job, jobStateName } from "@amaas/client";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Run } from "./run.ts";
import { type Story, shortDigits, showLinesOnFailure, startStory } from "./story.ts";

const timeout = 120_000;

/** 40 steps. */
const short = shortDigits({ training: { epochs: 1, batchSize: 200 } });

let story: Story;
let undisturbed: Run;

beforeAll(async () => {
  story = await startStory({ trainers: 2, servers: 2 });
  undisturbed = await story.run(short);
}, timeout);
beforeEach(() => showLinesOnFailure(story));
afterAll(() => story?.stop());

/** The next job has all trainers, and its bits. */
async function expectAllFree(): Promise<void> {
  const { id } = await story.submit(short);
  let mostTrainers = "";
  for await (const { job } of story.client.jobs.watch(id))
    if (job.reason.startsWith("trains on")) mostTrainers = job.reason;
  expect(mostTrainers).toBe("trains on trainer-1, trainer-2 (2 of 2 trainers)");
  const outcome = (await story.client.jobs.get(id)).outcome;
  expect(outcome?.weightsSha256).toBe(undisturbed.bits.weightsSha256);
}

async function failureOf(document: object): Promise<Job> {
  const { id } = await story.submit(document);
  const { job } = await story.follow(id);
  expect(jobStateName(job.state)).toBe("failed");
  return job;
}

test("two jobs at once share the trainers and disturb each other in nothing", {
  timeout,
}, async () => {
  const runs = await Promise.all([story.run(short), story.run(short)]);
  for (const { bits } of runs) expect(bits).toEqual(undisturbed.bits);
});

test("a job that is cancelled makes way for the next at once", { timeout }, async () => {
  const long = await story.submit(shortDigits({ training: { epochs: 40 } }));
  const waiting = Promise.withResolvers<Job>();
  const follower = story.follow(long.id, {
    atStep: 30,
    act: () => waiting.resolve(story.submit(short)),
  });
  const { id } = await waiting.promise;
  await expect
    .poll(async () => (await story.client.jobs.get(id)).reason)
    .toBe(`waits for a trainer: 2 attached, both busy with ${long.id}`);
  await story.client.jobs.cancel(long.id);
  const { job: cancelled } = await follower;
  expect(jobStateName(cancelled.state)).toBe("cancelled");
  expect(cancelled.reason).toBe("cancelled while TRAINING");
  const { job: next } = await story.follow(id);
  expect(next.outcome?.weightsSha256).toBe(undisturbed.bits.weightsSha256);
});

describe("jobs that come to nothing", () => {
  const species = (change: object) => ({
    name: "species",
    task: "classification",
    data: {
      format: "csv",
      file: join(story.directory, "species.csv"),
      label: "species",
      ...change,
    },
    architecture: { type: "linear" },
    training: { epochs: 20, batchSize: 8, optimizer: { type: "sgd", learningRate: 1_000 } },
    resources: { workers: 2, servers: 2 },
  });

  beforeAll(async () => {
    const header = "species,legs,weight";
    const rows = Array.from({ length: 40 }, (_, i) => `${i % 2 ? "cat" : "dog"},${i % 5},${i % 7}`);
    rows[20] = "cat,four,6";
    await writeFile(join(story.directory, "species.csv"), [header, ...rows].join("\n"));
  });

  test("a label column that is not there", { timeout }, async () => {
    const job = await failureOf(species({ label: "kind" }));
    expect(job.reason).toMatch(/kind.*species/);
    await expectAllFree();
  });

  test("a row that does not fit the schema", { timeout }, async () => {
    const job = await failureOf(species({ columns: { legs: { type: "number" } } }));
    expect(job.reason).toMatch(/legs.*four|four.*legs/);
    expect(await story.log(job.id)).toContain("four");
    await expectAllFree();
  });

  test("a loss that is no number any more", { timeout }, async () => {
    const data = { label: "weight", columns: { legs: { type: "number" } }, onBadRow: "skip" };
    const job = await failureOf({ ...species(data), task: "regression" });
    expect(job.reason).toMatch(
      /^trainer-\d: step \d+, virtual shard \d: the loss is (NaN|Infinity); samples \d.* largest gradients: /,
    );
    await expectAllFree();
  });
});
