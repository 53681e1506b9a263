/**
 * A job that had to make room for one of higher priority comes to the same bits as one that was left
 * alone, and no step of it is computed twice; whatever is killed while it is brought to its checkpoint.
 */
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Job, jobStateName } from "@amaas/client";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { readPrometheusText } from "./prometheus-text.ts";
import { type Run, runOf } from "./run.ts";
import { type Story, shortDigits, showLinesOnFailure, startStory } from "./story.ts";

const timeout = 180_000;

interface Change {
  readonly priority?: number;
  readonly workers?: number;
  readonly training?: object;
}

/** No checkpoint is due before the end: what a job goes on from has been kept because it made room. */
const digits = ({ priority = 0, workers = 1, training = {} }: Change = {}) => ({
  ...shortDigits({
    training: { checkpointEverySteps: 100_000, epochs: 4, ...training },
    resources: { workers },
  }),
  split: { training: 0.3, validation: 0.1, test: 0.6 },
  priority,
});

/** Still under way when a scheduler that starts again has waited for its nodes. */
const long = { epochs: 12, checkpointEverySteps: 10 };

const urgent = (change: Change = {}) =>
  digits({ priority: 10, ...change, training: { epochs: 1, ...change.training } });

/** Goes by its validations. */
const guided = {
  optimizer: { type: "adam", learningRate: 0.005 },
  schedule: { type: "plateau", patience: 1, factor: 0.5 },
  keep: "best",
  averaging: { type: "ema", decay: 0.9 },
};
/** Every step waits for the length of the whole gradient. */
const clipped = { optimizer: { type: "adam", learningRate: 0.001, clipNorm: 0.5 } };

let story: Story;
let alone: Run;
let longAlone: Run;

beforeAll(async () => {
  const env = { AMAAS_NODE_GRACE_SECONDS: "2" };
  story = await startStory({ trainers: 2, servers: 2, env });
  alone = await story.run(digits());
  longAlone = await story.run(digits({ training: long }));
}, timeout);
beforeEach(() => showLinesOnFailure(story));
afterAll(() => story?.stop());

/** Sum over the processes of a role. */
async function counted(role: string, name: string, labels: object = {}): Promise<number> {
  let sum = 0;
  for (const { name: process, http } of story.suite.processes.values()) {
    if (!process.startsWith(role)) continue;
    const page = await (await fetch(`http://${http}/metrics`)).text();
    for (const sample of readPrometheusText(page).get(name)?.samples ?? [])
      if (Object.entries(labels).every(([key, value]) => sample.labels[key] === value))
        sum += sample.value;
  }
  return sum;
}

const stepsTaken = () => counted("parameter-server", "amaas_parameter_server_steps_total");
const preemptions = (taken: string) =>
  counted("scheduler", "amaas_scheduler_preemptions_total", { taken });

/** Follows a job which others push out of the way at step 40, and those others as well. */
async function runBeside(document: object, others: readonly object[]) {
  const { id } = await story.submit(document);
  const submitted: Promise<Job>[] = [];
  const act = () => {
    for (const other of others) submitted.push(story.submit(other));
  };
  const run = runOf(await story.follow(id, { atStep: 40, act }), 0);
  const ended = await Promise.all(submitted.map(async (other) => story.follow((await other).id)));
  const runs = ended.map((followed) => runOf(followed, 0));
  return { id, run, others: runs, log: await story.log(id) };
}

const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);

describe.for([
  ["that ends by its spec", undefined],
  ["that goes by its validations", guided],
  ["whose gradients are clipped", clipped],
] as const)("a job %s", ([, training]) => {
  test("makes room, and goes on from the very step", { timeout }, async () => {
    const { bits } = training ? await story.run(digits({ training })) : alone;
    const [steps, before] = [await stepsTaken(), await preemptions("the last trainer")];
    // One for each trainer.
    const beside = [urgent(), urgent()];
    const { run, others, log } = await runBeside(
      digits({ ...(training && { training }), workers: 2 }),
      beside,
    );
    expect(run.bits).toEqual(bits);
    expect(run.job.progress?.restarts).toBe(1);
    expect(log).toMatch(/PLACING: preempted by job_\w+ of priority 10 at step \d+/);
    expect(await preemptions("the last trainer")).toBe(before + 1);
    const all = run.bits.steps + sum(others.map((other) => other.bits.steps));
    expect((await stepsTaken()) - steps, "no step twice").toBe(all);
  });
});

test("a job with two trainers gives one and goes on with the other", { timeout }, async () => {
  const before = await preemptions("a trainer of several");
  const { run, others, log } = await runBeside(digits({ workers: 2 }), [urgent()]);
  expect(run.bits).toEqual(alone.bits);
  expect(run.job.progress?.restarts).toBe(0);
  const [other] = others.map(({ job }) => job.id);
  expect(log).toContain(`gives a trainer to ${other} of priority 10 and goes on with the others`);
  expect(await preemptions("a trainer of several")).toBe(before + 1);
});

/** Blobs can be read, and none written, until what this answers with is called. */
function fullStore(): () => void {
  const drafts = join(story.directory, "blobs", "drafts");
  renameSync(drafts, `${drafts}-away`);
  writeFileSync(drafts, "");
  let full = true;
  const mend = () => {
    if (!full) return;
    full = false;
    rmSync(drafts);
    renameSync(`${drafts}-away`, drafts);
  };
  onTestFinished(mend);
  return mend;
}

test.for([
  ["nothing", []],
  ["the scheduler", ["scheduler"]],
  ["the lead of the parameter servers", ["parameter-server-1"]],
  ["all trainers", ["trainer-1", "trainer-2"]],
  ["the scheduler and a parameter server", ["scheduler", "parameter-server-2"]],
] as const)(
  "killed while it is brought to a checkpoint that cannot be written yet: %s",
  {
    timeout,
  },
  async ([, victims]) => {
    const { id, spec } = await story.submit(digits({ workers: 2, training: long }));
    const reason = async () => (await story.client.jobs.get(id)).reason;
    const soon = { timeout: 60_000 };
    const disturb = async () => {
      const mend = fullStore();
      // Its files are there already.
      const others = [urgent(), urgent()].map((other) =>
        story.client.jobs.submit({ ...other, data: spec?.data }),
      );
      await Promise.all(others);
      await expect.poll(reason, soon).toContain("is brought to a checkpoint to make room");
      for (const victim of victims) story.suite.kill(victim, "SIGKILL");
      // Where its shards are lost, the job rests at once, at a step that had been kept.
      await expect.poll(reason, soon).toMatch(/checkpoint to make room|preempted by/);
      mend();
      return Promise.all(others);
    };
    let disturbed: Promise<Job[]> | undefined;
    const followed = await story.follow(id, {
      atStep: 40,
      act() {
        disturbed = disturb();
        disturbed.catch(() => undefined);
      },
    });
    const others = (await disturbed) ?? [];
    expect(others).toHaveLength(2);
    expect(runOf(followed, 0).bits).toEqual(longAlone.bits);
    for (const other of others)
      expect(jobStateName((await story.follow(other.id)).job.state)).toBe("succeeded");
  },
);
