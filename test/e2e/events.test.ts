/**
 * Events are hints: the same story passes whatever carries them, and whatever becomes of them on the
 * way. Where they arrive they alone are enough; where they do not, the slow timer is.
 */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { jobStateName } from "@amaas/client";
import { connectBus } from "@amaas/events";
import { nullTelemetry } from "@amaas/telemetry";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type NatsServer, natsAvailable, startNats } from "../servers/nats.ts";
import { insectsInput, submitInsects, writeInsects } from "./insects.ts";
import { type Story, type StoryOptions, showLinesOnFailure, startStory } from "./story.ts";

const timeout = 120_000;
/** The timer does not run within a test: what arrives came by event. */
const byEvent = { AMAAS_POLL_SECONDS: "3600" };
const byTimer = { AMAAS_POLL_SECONDS: "1" };

describe("over the embedded bus", () => {
  const seed = 7;
  const cases: [string, StoryOptions][] = [
    ["that carries every event", { env: byEvent }],
    [
      "that repeats and reorders every event",
      { env: byEvent, chaos: { seed, drop: 0, repeat: 1, reorder: 1 } },
    ],
    [
      "that drops, repeats and reorders",
      { env: byTimer, chaos: { seed, drop: 0.5, repeat: 0.5, reorder: 0.5 } },
    ],
    ["that loses everything", { env: byTimer, chaos: { seed, drop: 1, repeat: 0, reorder: 0 } }],
  ];
  test.for(cases)("%s", { timeout }, async ([, options]) => {
    const story = await open(options);
    await train(story);
    await isServed(story, 1);
    await train(story);
    await isServed(story, 2);
  });
});

describe.skipIf(!natsAvailable())("over NATS JetStream", () => {
  let nats: NatsServer;
  beforeAll(async () => {
    nats = await startNats();
  });
  afterAll(() => nats?.stop());

  test("every event comes, and the story passes", { timeout }, async () => {
    const told = await listen(nats.url);
    const story = await open({ natsUrl: nats.url, env: byEvent });
    const job = await train(story);
    await isServed(story, 1);
    await expect.poll(() => told.states(job)).toEqual(statesOfSuccess);
    expect(told.versions()).toEqual(["insects 1"]);
  });

  test("killed in the middle: the job ends without it, and all is told when it is back", {
    timeout,
  }, async () => {
    const told = await listen(nats.url);
    const story = await open({ natsUrl: nats.url, env: byEvent });
    const { id } = await submitInsects(story.client, story.directory, { epochs: 10 });
    for await (const { losses } of story.client.jobs.watch(id)) if (losses.length > 0) break;
    await nats.kill();
    const { job } = await story.follow(id);
    expect(jobStateName(job.state), job.reason).toBe("succeeded");
    // Nobody has told the replica of the version, and it does not ask.
    await sleep(1_000);
    await expect(story.client.infer("insects", insectsInput())).rejects.toThrow("unknown model");
    expect(untold(story)).toMatchObject({ registry: 2, scheduler: expect.toSatisfy(isPositive) });

    await nats.restart();
    await isServed(story, 1);
    await expect
      .poll(() => untold(story), { timeout: 20_000 })
      .toEqual({ registry: 0, scheduler: 0 });
    expect(restarts(story)).toEqual([]);
    await told.again();
    const next = await train(story);
    await isServed(story, 2);
    await expect.poll(() => told.states(next)).toEqual(statesOfSuccess);
  });
});

const statesOfSuccess = new Set(
  ["QUEUED", "PREPARING", "PLACING", "TRAINING", "PACKAGING", "REGISTERING", "SUCCEEDED"].map(
    (state) => `JOB_STATE_${state}`,
  ),
);

async function open(options: StoryOptions): Promise<Story> {
  const story = await startStory({ trainers: 1, servers: 1, ...options });
  onTestFinished(() => story.stop());
  showLinesOnFailure(story);
  await writeInsects(story.directory);
  return story;
}

async function train(story: Story): Promise<string> {
  const { id } = await submitInsects(story.client, story.directory);
  const { job } = await story.follow(id);
  expect(job.outcome?.alias, job.reason).toBe("champion");
  return id;
}

async function isServed({ client }: Story, version: number): Promise<void> {
  await client.waitServed("insects", version, { signal: AbortSignal.timeout(30_000) });
  const answer = await client.infer("insects", insectsInput(2));
  expect(answer.version).toBe(String(version));
  expect(answer.outputs.label?.data).toEqual(["ant", "bee"]);
}

function restarts({ suite }: Story): string[] {
  return [...suite.processes.values()].filter((one) => one.restarts > 0).map(({ name }) => name);
}

const isPositive = (count: number) => count > 0;

/** How many events wait to be published. */
function untold({ directory }: Story): Record<string, unknown> {
  const count = (service: string) => {
    using database = new DatabaseSync(join(directory, `${service}.db`), { readOnly: true });
    return database.prepare(`select count(*) as rows from ${service}_outbox`).get()?.rows;
  };
  return { registry: count("registry"), scheduler: count("scheduler") };
}

/** Hears what is published, as any other program on the bus would. */
async function listen(natsUrl: string) {
  const bus = await connectBus({ natsUrl, telemetry: nullTelemetry(), name: "listener" });
  onTestFinished(() => bus.close());
  const states: [job: string, state: string][] = [];
  const versions: string[] = [];
  bus.subscribe("amaas.scheduler.job.changed", ({ data }) => {
    states.push([data.job, data.state]);
  });
  bus.subscribe("amaas.registry.version.created", ({ data }) => {
    versions.push(`${data.model} ${data.version}`);
  });
  let connects = 0;
  bus.onConnect(() => {
    connects++;
  });
  const connected = (times: number) =>
    expect.poll(() => connects, { timeout: 20_000 }).toBeGreaterThanOrEqual(times);
  await connected(1);
  return {
    /** Resolves when it hears again after an interruption. */
    again: () => connected(2),
    states: (job: string) => new Set(states.filter(([id]) => id === job).map(([, state]) => state)),
    versions: () => versions,
  };
}
