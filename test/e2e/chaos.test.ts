/**
 * Processes are killed with SIGKILL, told to go, or made to hang, while a job is trained: it ends with the same
 * weights, the same loss curve and the same evaluations as when nobody disturbs it. Which step it
 * happens at is drawn from a seed; `AMAAS_CHAOS_SEED` repeats a draw.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { hashKey, uniform } from "@amaas/random";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Interruption, Run } from "./run.ts";
import { type Story, shortDigits, showLinesOnFailure, startStory } from "./story.ts";

const seed = Number(process.env.AMAAS_CHAOS_SEED ?? Date.now() % 1_000_000);
const timeout = 180_000;

let story: Story;
let undisturbed: Run;

beforeAll(async () => {
  console.log(`AMAAS_CHAOS_SEED=${seed}`);
  story = await startStory({ trainers: 2, servers: 2 });
  undisturbed = await story.run(shortDigits());
}, timeout);
beforeEach(() => showLinesOnFailure(story));
afterAll(() => story?.stop());

/** A step that is neither the first nor one of the last. */
function drawStep(what: string): number {
  const { steps } = undisturbed.bits;
  return Math.floor(5 + 0.7 * steps * uniform(hashKey("chaos", seed, what), 0));
}

function kill(...names: readonly string[]): void {
  for (const name of names) story.suite.kill(name, "SIGKILL");
}

async function hang(name: string): Promise<void> {
  story.suite.kill(name, "SIGSTOP");
  await sleep(3_000);
  story.suite.kill(name, "SIGCONT");
}

/** Runs the job with these interruptions, and sees to it that all of them happened. */
async function runWith(...interruptions: readonly Interruption[]): Promise<Run> {
  return runJobWith(shortDigits(), ...interruptions);
}

async function runJobWith(spec: object, ...interruptions: readonly Interruption[]): Promise<Run> {
  let acted = 0;
  const counted = interruptions.map((interruption) => ({
    ...interruption,
    act() {
      interruption.act();
      acted += 1;
    },
  }));
  const run = await story.run(spec, ...counted);
  expect(acted, "interruptions that happened").toBe(interruptions.length);
  return run;
}

test.for([
  ["a trainer", ["trainer-2"]],
  ["all trainers", ["trainer-1", "trainer-2"]],
  ["the lead of the parameter servers", ["parameter-server-1"]],
  ["the other parameter server", ["parameter-server-2"]],
  ["all parameter servers", ["parameter-server-1", "parameter-server-2"]],
  ["the scheduler", ["scheduler"]],
  ["a trainer and a parameter server", ["trainer-1", "parameter-server-2"]],
  ["the scheduler and a parameter server", ["scheduler", "parameter-server-1"]],
] as const)("killed: %s", { timeout }, async ([what, names]) => {
  const atStep = drawStep(what);
  const { bits, job } = await runWith({ atStep, act: () => kill(...names) });
  expect(bits, `killed at step ${atStep}`).toEqual(undisturbed.bits);
  const shardLost = names.some((name) => name.startsWith("parameter-server"));
  expect((job.progress?.restarts ?? 0) > 0, "went back to a checkpoint").toBe(shardLost);
});

test("killed: one after the other", { timeout }, async () => {
  const steps = ["first", "second", "third"].map(drawStep).sort((a, b) => a - b);
  const victims = ["trainer-1", "parameter-server-2", "scheduler"];
  const interruptions = victims.map((name, i) => ({
    atStep: steps[i] ?? 0,
    act: () => kill(name),
  }));
  const { bits } = await runWith(...interruptions);
  expect(bits, `killed at steps ${steps.join(", ")}`).toEqual(undisturbed.bits);
});

test("killed while gradients are clipped by their norm and weights averaged: one after the other", {
  timeout,
}, async () => {
  const clipped = shortDigits({
    training: {
      optimizer: { type: "rmsprop", learningRate: 0.001, momentum: 0.5, clipNorm: 0.5 },
      schedule: { type: "one-cycle" },
      averaging: { type: "ema", decay: 0.99 },
    },
  });
  const { bits: wanted } = await story.run(clipped);
  const steps = ["one", "two", "three"].map((what) => drawStep(`clipped ${what}`));
  const victims = ["trainer-1", "parameter-server-2", "parameter-server-1"];
  const interruptions = victims.map((name, i) => ({
    atStep: steps.toSorted((a, b) => a - b)[i] ?? 0,
    act: () => kill(name),
  }));
  const { bits } = await runJobWith(clipped, ...interruptions);
  expect(bits, `killed at steps ${steps.join(", ")}`).toEqual(wanted);
});

test.for([
  ["a trainer", ["trainer-1"]],
  ["all trainers", ["trainer-1", "trainer-2"]],
] as const)("told to go, as by an eviction: %s", { timeout }, async ([what, names]) => {
  const atStep = drawStep(`evicted: ${what}`);
  const act = () => {
    for (const name of names) story.suite.kill(name, "SIGTERM");
  };
  const { bits, job } = await runWith({ atStep, act });
  expect(bits, `told to go at step ${atStep}`).toEqual(undisturbed.bits);
  expect(job.progress?.restarts).toBe(0);
});

test.for(["preparing", "packaging"] as const)(
  "killed while %s: the scheduler and all trainers",
  {
    timeout,
  },
  async (inState) => {
    const { bits } = await runWith({
      inState,
      act: () => kill("scheduler", "trainer-1", "trainer-2"),
    });
    expect(bits).toEqual(undisturbed.bits);
  },
);

test.for(["trainer-1", "parameter-server-1"])(
  "hangs for three seconds: %s",
  {
    timeout,
  },
  async (name) => {
    const atStep = drawStep(`${name} hangs`);
    let hung: Promise<void> | undefined;
    const { bits, job } = await runWith({
      atStep,
      act() {
        hung = hang(name);
      },
    });
    await hung;
    expect(bits, `hung at step ${atStep}`).toEqual(undisturbed.bits);
    expect(job.progress?.restarts).toBe(0);
  },
);
