/**
 * Processes are killed with SIGKILL, or made to hang, while a job is trained: it ends with the same
 * weights, the same loss curve and the same evaluations as when nobody disturbs it. Which step it
 * happens at is drawn from a seed; `AMAAS_CHAOS_SEED` repeats a draw.
 */
import type { JobStateName } from "@amaas/client";
import { hashKey, uniform } from "@amaas/random";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import {
  type Interruption,
  type Run,
  type Story,
  shortDigits,
  showLinesOnFailure,
  startStory,
} from "./story.ts";

const seed = Number(process.env.AMAAS_CHAOS_SEED ?? Date.now() % 1_000_000);
const timeout = 180_000;
const hungMs = 3_000;

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
function drawStep(name: string): number {
  const steps = undisturbed.bits.steps;
  return Math.floor(5 + uniform(hashKey("chaos", seed, name), 0) * 0.8 * steps);
}

const kill = (...names: readonly string[]) => {
  for (const name of names) story.suite.kill(name, "SIGKILL");
};

async function runWith(...interruptions: readonly Interruption[]): Promise<Run> {
  let acted = 0;
  const counting = interruptions.map(({ act, ...when }) => ({
    ...when,
    act() {
      act();
      acted += 1;
    },
  }));
  const run = await story.run(shortDigits(), ...counting);
  expect(acted, "what should have happened during the job").toBe(interruptions.length);
  console.log(run.seconds, undisturbed.seconds);
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
] as const)("%s is killed", { timeout }, async ([what, names]) => {
  const atStep = drawStep(what);
  const run = await runWith({ atStep, act: () => kill(...names) });
  expect(run.bits, `killed at step ${atStep}`).toEqual(undisturbed.bits);
  const serverLost = names.some((name) => name.startsWith("parameter-server"));
  expect((run.job.progress?.restarts ?? 0) > 0).toBe(serverLost);
});

test("one after the other is killed", { timeout }, async () => {
  const steps = ["first", "second", "third"].map(drawStep).sort((a, b) => a - b);
  const victims = ["trainer-1", "parameter-server-2", "scheduler"];
  const run = await runWith(
    ...victims.map((name, i) => ({ atStep: steps[i] ?? 0, act: () => kill(name) })),
  );
  expect(run.bits, `killed at steps ${steps.join(", ")}`).toEqual(undisturbed.bits);
});

test("a trainer hangs and comes back", { timeout }, async () => {
  const run = await runWith({
    atStep: drawStep("a trainer hangs"),
    act: () => hang("trainer-1"),
  });
  expect(run.bits).toEqual(undisturbed.bits);
});

test("a parameter server hangs and comes back", { timeout }, async () => {
  const run = await runWith({
    atStep: drawStep("a server hangs"),
    act: () => hang("parameter-server-1"),
  });
  expect(run.bits).toEqual(undisturbed.bits);
});

test.for(["preparing", "packaging"] as const)(
  "all are killed while the job is %s",
  {
    timeout,
  },
  async (inState: JobStateName) => {
    const run = await runWith({ inState, act: () => kill("scheduler", "trainer-1", "trainer-2") });
    expect(run.bits).toEqual(undisturbed.bits);
  },
);

function hang(name: string): void {
  story.suite.kill(name, "SIGSTOP");
  setTimeout(() => story.suite.kill(name, "SIGCONT"), hungMs);
}
