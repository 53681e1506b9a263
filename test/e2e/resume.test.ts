/**
 * A job that was broken off and resumed comes to the same bits as one that was left alone, wherever
 * it was broken off.
 */
import { jobStateName } from "@amaas/client";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Run } from "./run.ts";
import { runOf } from "./run.ts";
import { type Story, shortDigits, showLinesOnFailure, startStory } from "./story.ts";

const timeout = 180_000;

/** Sixteen steps an epoch, the best of which is kept: of the moving average of the weights. */
const digits = (training: object = {}) => ({
  ...shortDigits({
    training: {
      epochs: 8,
      optimizer: { type: "adam", learningRate: 0.005 },
      schedule: { type: "plateau", patience: 1, factor: 0.5 },
      keep: "best",
      averaging: { type: "ema", decay: 0.9 },
      checkpointEverySteps: 7,
      ...training,
    },
  }),
  split: { training: 0.1, validation: 0.1, test: 0.8 },
});

let story: Story;
let alone: Run;

beforeAll(async () => {
  story = await startStory({ trainers: 2, servers: 2 });
  alone = await story.run(digits());
}, timeout);
beforeEach(() => showLinesOnFailure(story));
afterAll(() => story?.stop());

/** Of a job that is resumed once it has ended. */
async function resumed(id: string): Promise<Run> {
  const { job, warning } = await story.client.jobs.resume(id);
  expect(jobStateName(job.state)).toBe("placing");
  expect(warning).toBe("");
  return runOf(await story.follow(id), 0);
}

test("cancelled in training, twice, and a parameter server killed after that", {
  timeout,
}, async () => {
  const { id } = await story.submit(digits());
  const stop = () => void story.client.jobs.cancel(id);
  const { job } = await story.follow(id, { atStep: 40, act: stop });
  expect(jobStateName(job.state)).toBe("cancelled");
  expect(job.checkpoint?.step).toBeGreaterThanOrEqual(28);

  await story.client.jobs.resume(id);
  const again = await story.follow(id, { atStep: 80, act: stop });
  expect(again.job.checkpoint?.step).toBeGreaterThan(job.checkpoint?.step ?? 0);

  await story.client.jobs.resume(id);
  const act = () => story.suite.kill("parameter-server-1", "SIGKILL");
  const run = runOf(await story.follow(id, { atStep: 100, act }), 0);
  expect(run.bits).toEqual(alone.bits);
  expect(run.job.progress?.restarts).toBe(3);
  expect(await story.log(id)).toMatch(/PLACING: resumed from step \d+/);
});

test("cancelled when all was trained and only the registry kept it", { timeout }, async () => {
  const { id } = await story.submit(digits());
  const stop = () => story.suite.kill("registry", "SIGSTOP");
  const cancel = () => void story.client.jobs.cancel(id);
  const { job } = await story.follow(
    id,
    { inState: "packaging", act: stop },
    { inState: "registering", act: cancel },
  );
  story.suite.kill("registry", "SIGCONT");
  expect(job.reason).toBe("cancelled while REGISTERING");
  expect((await resumed(id)).bits).toEqual(alone.bits);
  const { versions } = await story.client.models.get("digits");
  expect(versions.filter(({ lineage }) => lineage?.job === id)).toHaveLength(1);
});

test("a failure that lies in the spec is told to come again, and does", { timeout }, async () => {
  const { id } = await story.submit(
    digits({
      // A quarter more of each weight is left by a step, of the other sign: not before a checkpoint is on disk.
      epochs: 40,
      optimizer: { type: "sgd", learningRate: 100, weightDecay: 0.0225 },
      schedule: { type: "constant" },
      checkpointEverySteps: 1,
    }),
  );
  const { job: failed } = await story.follow(id);
  expect(jobStateName(failed.state)).toBe("failed");
  const { job, warning } = await story.client.jobs.resume(id);
  expect(jobStateName(job.state)).toBe("placing");
  expect(warning).toContain(`it had failed (${failed.reason})`);
  const { job: again } = await story.follow(id);
  expect(jobStateName(again.state)).toBe("failed");
  const told = /step \d+, virtual shard/;
  expect(told.exec(again.reason)?.[0]).toBe(told.exec(failed.reason)?.[0]);
  expect(await story.log(id)).toContain(warning.slice(0, 100));
});
