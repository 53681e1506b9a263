/**
 * What everything rests on goes away in the middle of work: the database, the space on the disk.
 * Callers get UNAVAILABLE, training goes on, nothing acknowledged is lost, and when it is back the
 * same processes go on by themselves.
 */
import { type Job, jobStateName } from "@amaas/client";
import type { DomainError } from "@amaas/errors";
import { BlobsDefinition } from "@amaas/proto/amaas/registry/v1/blobs";
import { RegistryDefinition } from "@amaas/proto/amaas/registry/v1/registry";
import { JobsDefinition } from "@amaas/proto/amaas/scheduler/v1/jobs";
import { createClient } from "@amaas/rpc";
import { nullTelemetry } from "@amaas/telemetry";
import { describe, expect, onTestFinished, test } from "vitest";
import { postgresAvailable, startPostgres } from "../servers/postgres.ts";
import { canMount, smallDisk } from "../servers/small-disk.ts";
import { submitInsects, writeInsects } from "./insects.ts";
import { type Story, type StoryOptions, showLinesOnFailure, startStory } from "./story.ts";

const timeout = 120_000;
const epochs = 30;
const steps = epochs * 20;
const raw = { telemetry: nullTelemetry(), retry: false };

test.skipIf(!postgresAvailable())("the database", { timeout }, async () => {
  const postgres = await startPostgres();
  onTestFinished(() => postgres.stop());
  const story = await open({ databaseUrl: await postgres.createDatabase() });
  const jobs = createClient(JobsDefinition, story.suite.endpoints.scheduler, raw);
  const registry = createClient(RegistryDefinition, story.suite.endpoints.registry, raw);
  onTestFinished(() => {
    for (const client of [jobs, registry]) client.close();
  });

  const { id, spec } = await submitInsects(story.client, story.directory, { epochs });
  await reach(story, id, 100);
  await postgres.kill();
  const digest = `sha256:${"0".repeat(64)}`;
  const calls = [
    () => jobs.submitJob({ spec }),
    () => jobs.listJobs({}),
    () => registry.getModel({ name: "insects" }),
    () => registry.moveAlias({ model: "insects", alias: "champion", version: 1 }),
  ];
  for (const call of calls) expect(await failure(call())).toMatchObject({ code: "unavailable" });
  expect(await failure(registry.createVersion({ version: { model: "x", digest } }))).toMatchObject({
    code: expect.stringMatching(/unavailable|failed-precondition/),
  });
  // Nobody on the way from gradients to weights has noticed.
  await reach(story, id, steps);

  await postgres.restart();
  await story.follow(id).then(({ job }) => expectSuccess(job));
  const { job: undisturbed } = await story.follow(
    (await submitInsects(story.client, story.directory, { name: "undisturbed", epochs })).id,
  );
  expectSuccess(undisturbed);
  const { outcome } = await story.client.jobs.get(id);
  expect(outcome?.weightsSha256).toBe(undisturbed.outcome?.weightsSha256);
  expect(restarts(story)).toEqual([]);
});

describe.skipIf(!canMount())("the space", () => {
  test("on the disk of the blob store", { timeout }, async () => {
    const disk = smallDisk();
    onTestFinished(() => disk.remove());
    const story = await open({ env: { AMAAS_BLOBS_URL: `file://${disk.folder}/blobs` } });
    const blobs = createClient(BlobsDefinition, story.suite.endpoints.registry, raw);
    onTestFinished(() => blobs.close());
    const submit = (name: string) => submitInsects(story.client, story.directory, { name, epochs });

    const running = (await submit("running")).id;
    await reach(story, running, 100);
    disk.fill();
    const chunk = new Uint8Array(100_000);
    const upload = () => blobs.uploadBlob([{ chunk, expectedDigest: "" }]);
    expect(await failure(upload())).toMatchObject({ code: "unavailable" });
    // Its data is there already and the queue is kept elsewhere, so it is accepted, and waits.
    const waiting = (await submit("waiting")).id;
    await reach(story, running, steps);
    expect(jobStateName((await story.client.jobs.get(waiting)).state)).not.toBe("failed");

    disk.empty();
    expect(await upload()).toMatchObject({ bytes: chunk.length });
    const ended = [await story.follow(running), await story.follow(waiting)];
    for (const { job } of ended) expectSuccess(job);
    const [first, second] = ended.map(({ job }) => job.outcome?.weightsSha256);
    expect(first).toBe(second);
    expect(restarts(story)).toEqual([]);
  });
});

async function open(options: StoryOptions): Promise<Story> {
  const story = await startStory({ trainers: 1, servers: 1, ...options });
  onTestFinished(() => story.stop());
  showLinesOnFailure(story);
  await writeInsects(story.directory);
  return story;
}

/** Resolves when the job has gone so many steps. */
async function reach({ client }: Story, job: string, step: number): Promise<void> {
  for await (const { firstStep, losses } of client.jobs.watch(job))
    if (firstStep + losses.length >= step) return;
}

function expectSuccess({ state, reason }: Job): void {
  expect(jobStateName(state), reason).toBe("succeeded");
}

function failure(call: Promise<unknown>): Promise<DomainError> {
  return call.then(
    () => expect.unreachable("it succeeded"),
    (error: DomainError) => error,
  );
}

function restarts({ suite }: Story): string[] {
  return [...suite.processes.values()].filter((one) => one.restarts > 0).map(({ name }) => name);
}
