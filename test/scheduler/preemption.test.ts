/** A job makes room for one of higher priority, told by nodes that do what the test says. */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBlobs } from "@amaas/blobs";
import { JobState } from "@amaas/proto/amaas/scheduler/v1/jobs";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  rememberingTelemetry,
  type SchedulerServer,
  startSchedulerServer,
} from "./scheduler-server.ts";
import { digest, ScriptedNode } from "./scripted-node.ts";

/** Generous, for machines that are busy. */
const soon = { timeout: 20_000 };
const trainer = new ScriptedNode("t1", "trainer");
const server = new ScriptedNode("s1", "server");
const { spans, telemetry } = rememberingTelemetry();

let folder: string;
let scheduler: SchedulerServer;
let spec: Record<string, unknown>;

const start = (port = 0) =>
  startSchedulerServer({ folder, registry: "127.0.0.1:1", port, telemetry });
const attachAll = () => {
  for (const node of [trainer, server]) node.attach(scheduler.address);
};
const get = async (id: string) => (await scheduler.jobs.getJob({ id })).job;
const reason = (id: string) => expect.poll(async () => (await get(id))?.reason, soon);
const submit = async (priority?: number) =>
  (await scheduler.jobs.submitJob({ spec: { ...spec, priority } })).job?.id ?? "";

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
  };
  scheduler = await start();
  attachAll();
});

afterAll(async () => {
  await Promise.all([trainer, server].map((node) => node.leave()));
  await scheduler.stop();
  await rm(folder, { recursive: true });
});

test("it is paused, also by a scheduler that starts again meanwhile, waits and goes on", async () => {
  const first = await submit();
  await server.told(`${first}/1/host/0`);
  server.trained(7);
  const urgent = await submit(5);
  const room = `to make room for ${urgent} of priority 5`;
  const paused = [`${first}/1/host/0`, `${first}/1/pause/0`];
  await server.told(...paused);
  await reason(first).toBe(`is brought to a checkpoint ${room}`);

  // Who waits is found out anew, once all nodes had the time to attach.
  await scheduler.stop();
  scheduler = await start(scheduler.port);
  attachAll();
  await server.told(`${first}/1/host/0`);
  await server.told(...paused);
  server.trained(10, { resting: true });
  await server.told(`${urgent}/1/host/0`);
  await reason(first).toBe(
    `preempted by ${urgent} of priority 5 at step 10: waits for a trainer: 1 attached, busy with ${urgent}`,
  );
  expect(await get(first)).toMatchObject({
    state: JobState.PLACING,
    progress: { step: 10, restarts: 1 },
    endedAt: undefined,
  });
  expect(spans).toContainEqual(
    expect.objectContaining({
      name: "job.train",
      error: undefined,
      attributes: expect.objectContaining({ "amaas.job": first, "amaas.job.preempted_by": urgent }),
    }),
  );

  await scheduler.jobs.cancelJob({ id: urgent });
  await server.told(`${first}/2/host/0`);
  expect(server.tasks[0]?.work?.value).toMatchObject({ step: 10, checkpoint: digest(100) });
  const log: string[] = [];
  for await (const { message } of scheduler.jobs.readJobLog({ id: first })) log.push(message);
  expect(log).toContainEqual(
    expect.stringContaining(`PLACING: preempted by ${urgent} of priority 5`),
  );
});

test("a priority that is none is refused", async () => {
  await expect(submit(0.5)).rejects.toMatchObject({
    code: "invalid-argument",
    violations: [
      {
        field: "priority",
        description: "found 0.5, wanted a whole number, at least -1000 and at most 1000",
      },
    ],
  });
});
