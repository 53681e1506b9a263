/** What the scheduler has acknowledged survives kill -9 of its process. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openBlobs } from "@amaas/blobs";
import { createRelay } from "@amaas/events";
import { JobChanged } from "@amaas/proto/amaas/events/v1/events";
import { JobsDefinition } from "@amaas/proto/amaas/scheduler/v1/jobs";
import { createClient } from "@amaas/rpc";
import { nullTelemetry } from "@amaas/telemetry";
import { afterEach, expect, test } from "vitest";

const main = fileURLToPath(import.meta.resolve("@amaas/scheduler/main"));
const submissions = 40;
const killAfter = 10;

let folder = "";
const children: ChildProcess[] = [];
const relay = createRelay();
/** Jobs that the event bus has told of. */
let announced = new Set<string>();

afterEach(async () => {
  relay.close();
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

test("acknowledged submissions are there after kill -9, and repeats make no second job", async () => {
  announced = new Set();
  folder = await mkdtemp(join(tmpdir(), "amaas-durable-"));
  const { digest } = await openBlobs(`file://${folder}/blobs`).put(Buffer.from("features"));
  const spec = {
    name: "digits",
    task: "classification",
    data: { format: "arrays", features: digest, labels: digest },
    architecture: { type: "linear" },
    training: { epochs: 1, batchSize: 64, optimizer: { type: "sgd", learningRate: 0.1 } },
  };
  const keys = Array.from({ length: submissions }, (_, i) => `key-${i}`);
  const acknowledged = new Map<string, string>();

  const first = await start();
  const submitAll = (jobs: typeof first.jobs) =>
    Promise.allSettled(
      keys.map(async (idempotencyKey) => {
        const { job } = await jobs.submitJob({ spec, idempotencyKey });
        const id = String(job?.id);
        expect(acknowledged.get(idempotencyKey) ?? id).toBe(id);
        acknowledged.set(idempotencyKey, id);
        if (acknowledged.size === killAfter) first.child.kill("SIGKILL");
        return id;
      }),
    );
  await submitAll(first.jobs);
  first.jobs.close();
  const early = new Map(acknowledged);
  expect(early.size).toBeGreaterThanOrEqual(killAfter);

  const second = await start();
  const kept = async () => (await second.jobs.listJobs({ limit: 1_000 })).jobs.map(({ id }) => id);
  expect(await kept()).toEqual(expect.arrayContaining([...early.values()]));
  const repeated = await submitAll(second.jobs);
  expect(repeated.filter(({ status }) => status === "rejected")).toEqual([]);
  const ids = await kept();
  expect(ids).toHaveLength(submissions);
  expect(new Set(ids)).toEqual(new Set(acknowledged.values()));
  second.jobs.close();
  // What was committed is told, too, if need be by the second process.
  await expect.poll(() => announced, { timeout: 20_000 }).toEqual(new Set(ids));

  second.child.kill("SIGTERM");
  const [code] = await once(second.child, "exit");
  expect(code).toBe(0);
});

async function start() {
  const child = spawn(process.execPath, [main], {
    env: {
      PATH: process.env.PATH,
      AMAAS_PORT: "0",
      AMAAS_LOG_LEVEL: "error",
      AMAAS_DATABASE_URL: `sqlite:${folder}/scheduler.db`,
      AMAAS_BLOBS_URL: `file://${folder}/blobs`,
    },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  children.push(child);
  relay.attach(child);
  child.on("message", (message: { type: string; subject?: string; data?: string }) => {
    if (message.subject !== "amaas.scheduler.job.changed") return;
    announced.add(JobChanged.decode(Buffer.from(String(message.data), "base64")).job);
  });
  for await (const [message] of messagesOf(child)) {
    const { type, grpc } = message as { type: string; grpc: string };
    if (type !== "amaas:listening") continue;
    const options = { telemetry: nullTelemetry(), retry: false };
    return { child, jobs: createClient(JobsDefinition, grpc, options) };
  }
  throw new Error("the scheduler does not start");
}

async function* messagesOf(child: ChildProcess): AsyncGenerator<unknown[]> {
  while (child.exitCode === null) yield await once(child, "message");
}
