/** A job that was broken off goes on in its place, told by nodes that do what the test says. */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBlobs } from "@amaas/blobs";
import { JobState, type WatchJobResponse } from "@amaas/proto/amaas/scheduler/v1/jobs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RegistryServer, startRegistryServer } from "../registry/registry-server.ts";
import { type SchedulerServer, startSchedulerServer } from "./scheduler-server.ts";
import { digest, lossAt, ScriptedNode, totalSteps } from "./scripted-node.ts";

/** Generous, for machines that are busy. */
const soon = { timeout: 20_000 };
const timeout = 60_000;
const trainer = new ScriptedNode("t1", "trainer");
const servers = [new ScriptedNode("s1", "server"), new ScriptedNode("s2", "server")] as const;

let folder: string;
let registry: RegistryServer;
let scheduler: SchedulerServer;
let spec: Record<string, unknown>;

const start = (port = 0) => startSchedulerServer({ folder, registry: registry.address, port });
const attachAll = () => {
  for (const node of [trainer, ...servers]) node.attach(scheduler.address);
};
const get = async (id: string) => (await scheduler.jobs.getJob({ id })).job;
const resume = (id: string) => scheduler.jobs.resumeJob({ id });
const cancel = async (id: string) => (await scheduler.jobs.cancelJob({ id })).job;
const reaches = (id: string, state: JobState) =>
  expect.poll(async () => (await get(id))?.state, soon).toBe(state);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "amaas-scheduler-"));
  const blobs = openBlobs(`file://${folder}/blobs`);
  const put = async () => (await blobs.put(randomBytes(100))).digest;
  spec = {
    name: "digits",
    task: "classification",
    data: { format: "arrays", features: await put(), labels: await put() },
    architecture: { type: "mlp", hidden: [16] },
    training: { epochs: 2, batchSize: 64, optimizer: { type: "adam" } },
    resources: { workers: 1, servers: 2 },
  };
  trainer.packaged = await put();
  registry = await startRegistryServer({ folder });
  scheduler = await start();
  attachAll();
});

afterAll(async () => {
  await Promise.all([trainer, ...servers].map((node) => node.leave()));
  await scheduler.stop();
  await registry.stop();
  await rm(folder, { recursive: true });
});

/** Both shards of the job, placed for this generation, and where they were told to begin. */
async function placed(id: string, generation: number) {
  for (const [shard, server] of servers.entries())
    await server.told(`${id}/${generation}/host/${shard}`);
  return servers.map(({ tasks: [task] }) =>
    task?.work?.$case === "host" ? [task.work.value.step, task.work.value.checkpoint] : [],
  );
}

const atTen = [
  [10, digest(100)],
  [10, digest(101)],
];

test("it goes on from its checkpoint, once more, and after a restart of the scheduler", {
  timeout,
}, async () => {
  const { job } = await scheduler.jobs.submitJob({ spec });
  const id = job?.id ?? "";
  await placed(id, 1);
  for (const step of [7, 12]) {
    for (const server of servers) server.trained(step);
    await expect.poll(async () => (await get(id))?.progress?.step, soon).toBe(step);
  }
  expect((await resume(id)).job?.state).toBe(JobState.TRAINING);
  const kept = { step: 10, digests: [digest(100), digest(101)] };
  expect(await cancel(id)).toMatchObject({ state: JobState.CANCELLED, checkpoint: kept });

  await scheduler.stop();
  scheduler = await start(scheduler.port);
  attachAll();
  const { job: resumed, warning } = await resume(id);
  expect(resumed).toMatchObject({ id, state: JobState.PLACING, reason: "resumed from step 10" });
  expect(resumed).toMatchObject({ progress: { step: 10, restarts: 1 }, endedAt: undefined });
  expect(warning).toBe("");
  expect(await placed(id, 2)).toEqual(atTen);

  // Nothing new was kept since: the checkpoint is the same.
  expect((await cancel(id))?.checkpoint).toEqual(kept);
  await resume(id);
  expect(await placed(id, 3)).toEqual(atTen);
  await scheduler.stop();
  scheduler = await start(scheduler.port);
  attachAll();
  await servers[1].die();
  servers[1].attach(scheduler.address);
  expect(await placed(id, 4)).toEqual(atTen);

  for (const server of servers) server.trained(totalSteps, { tested: true });
  await reaches(id, JobState.SUCCEEDED);
  const watched: WatchJobResponse[] = [];
  for await (const update of scheduler.jobs.watchJob({ id })) watched.push(update);
  const losses = watched.flatMap((update) => [
    ...new Float64Array(new Uint8Array(update.losses).buffer),
  ]);
  expect(losses).toEqual(Array.from({ length: totalSteps }, (_, step) => lossAt(step)));
  expect((await registry.registry.getModel({ name: "digits" })).versions).toHaveLength(1);
  await expect(resume(id)).rejects.toMatchObject({
    code: "failed-precondition",
    message: `job ${id} cannot be resumed: it has succeeded, so nothing is left to do`,
  });
});

test("where nothing is kept of it, it is refused", async () => {
  await expect(resume("job_x")).rejects.toMatchObject({
    code: "not-found",
    message: 'there is no job "job_x"',
  });
  const { job } = await scheduler.jobs.submitJob({ spec });
  const id = job?.id ?? "";
  await placed(id, 1);
  await cancel(id);
  await expect(resume(id)).rejects.toMatchObject({
    code: "failed-precondition",
    message: `job ${id} cannot be resumed: it is CANCELLED and nothing is kept of it to go on from; submit its spec again`,
  });
});
