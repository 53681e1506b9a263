/** A job's way through the scheduler, told by nodes that do what the test says. */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBlobs } from "@amaas/blobs";
import { type Job, JobState, type WatchJobResponse } from "@amaas/proto/amaas/scheduler/v1/jobs";
import { traceIdOf } from "@amaas/telemetry";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RegistryServer, startRegistryServer } from "../registry/registry-server.ts";
import { type PostgresServer, postgresAvailable, startPostgres } from "../servers/postgres.ts";
import {
  rememberingTelemetry,
  type SchedulerServer,
  startSchedulerServer,
} from "./scheduler-server.ts";
import { lossAt, ScriptedNode, totalSteps } from "./scripted-node.ts";

/** Generous, for machines that are busy. */
const soon = { timeout: 20_000 };
const caller = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

describe("on SQLite", () => tellStory(async (folder) => `sqlite:${folder}/scheduler.db`));

describe.skipIf(!postgresAvailable())("on PostgreSQL", () => {
  let postgres: PostgresServer;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.stop());
  tellStory(() => postgres.createDatabase());
});

function tellStory(databaseOf: (folder: string) => Promise<string>): void {
  let folder: string;
  let databaseUrl: string;
  let registry: RegistryServer;
  let scheduler: SchedulerServer;
  let spec: Record<string, unknown>;
  let packaged: string;
  let nodes: ScriptedNode[] = [];
  const { telemetry, spans } = rememberingTelemetry();

  const start = (port = 0) =>
    startSchedulerServer({ folder, databaseUrl, registry: registry.address, port, telemetry });
  const attachAll = () => {
    for (const node of nodes) node.attach(scheduler.address);
  };
  const get = async (id: string): Promise<Job> => {
    const { job } = await scheduler.jobs.getJob({ id });
    if (!job) throw new Error("no job");
    return job;
  };
  const reaches = (id: string, state: JobState) =>
    expect.poll(async () => (await get(id)).state, soon).toBe(state);
  const submit = async (change: Record<string, unknown> = {}): Promise<Job> => {
    const { job } = await scheduler.jobs.submitJob({ spec: { ...spec, ...change } });
    if (!job) throw new Error("no job");
    return job;
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "amaas-scheduler-"));
    databaseUrl = await databaseOf(folder);
    const blobs = openBlobs(`file://${folder}/blobs`);
    const put = async () => (await blobs.put(randomBytes(100))).digest;
    spec = {
      name: "digits",
      task: "classification",
      data: { format: "arrays", features: await put(), labels: await put() },
      architecture: { type: "mlp", hidden: [16], activation: "relu" },
      training: { epochs: 2, batchSize: 64, optimizer: { type: "adam" } },
      resources: { workers: 2, servers: 2 },
      gate: { metric: "accuracy", split: "validation", min: 0.9, alias: "champion" },
    };
    packaged = await put();
    registry = await startRegistryServer({ folder });
    scheduler = await start();
  });

  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.leave()));
    await scheduler.stop();
    await registry.stop();
    await rm(folder, { recursive: true });
  });

  test("a faulty spec is refused whole, an unknown job by name", async () => {
    const faulty = { ...spec, task: "guessing", resources: { workers: 0, servers: 2 } };
    await expect(scheduler.jobs.submitJob({ spec: faulty })).rejects.toMatchObject({
      code: "invalid-argument",
      violations: [{ field: "task" }, { field: "resources.workers" }],
    });
    const missing = {
      format: "arrays",
      features: `sha256:${"0".repeat(64)}`,
      labels: "labels.npy",
    };
    await expect(
      scheduler.jobs.submitJob({ spec: { ...spec, data: missing } }),
    ).rejects.toMatchObject({ code: "invalid-argument", violations: [{ field: "data.labels" }] });
    const unknown = { ...missing, labels: missing.features };
    await expect(
      scheduler.jobs.submitJob({ spec: { ...spec, data: unknown } }),
    ).rejects.toMatchObject({ violations: [{ field: "data.features" }, { field: "data.labels" }] });
    await expect(scheduler.jobs.submitJob({})).rejects.toMatchObject({ code: "invalid-argument" });
    const calls = [
      () => scheduler.jobs.getJob({ id: "job_x" }),
      () => scheduler.jobs.cancelJob({ id: "job_x" }),
      () => collect(scheduler.jobs.watchJob({ id: "job_x" })),
      () => collect(scheduler.jobs.readJobLog({ id: "job_x" })),
    ];
    for (const call of calls)
      await expect(call()).rejects.toMatchObject({
        code: "not-found",
        message: 'there is no job "job_x"',
      });
    expect((await scheduler.jobs.listJobs({})).jobs).toEqual([]);
  });

  test("a job trains through restarts and losses to a registered version", async () => {
    const request = { spec, idempotencyKey: "once" };
    const submitted = await scheduler.jobs.submitJob(request, { traceparent: caller });
    const again = await scheduler.jobs.submitJob(request);
    const id = submitted.job?.id ?? "";
    expect(id).toMatch(/^job_[0-9A-Z]{26}$/);
    expect(again.job?.id).toBe(id);
    expect(submitted.job?.traceId).toBe(traceIdOf(caller));
    await expect(
      scheduler.jobs.submitJob({ ...request, spec: { ...spec, name: "other" } }),
    ).rejects.toMatchObject({ code: "already-exists" });
    expect((await get(id)).reason).toBe("waits for a trainer: none is attached");

    const [t1, t2] = [new ScriptedNode("t1", "trainer"), new ScriptedNode("t2", "trainer")];
    const [s1, s2] = [new ScriptedNode("s1", "server"), new ScriptedNode("s2", "server")];
    nodes = [t1, t2, s1, s2];
    for (const trainer of [t1, t2]) trainer.packaged = packaged;
    attachAll();
    await reaches(id, JobState.TRAINING);
    await s1.told(`${id}/1/host/0`);
    await s2.told(`${id}/1/host/1`);
    for (const trainer of [t1, t2]) await trainer.told(`${id}/1/train`);
    const [task] = t1.tasks;
    expect(task?.work).toMatchObject({ $case: "train", value: { servers: ["s1:1", "s2:1"] } });
    expect(traceIdOf(task?.traceparent)).toBe(traceIdOf(caller));

    const watched = collect(scheduler.jobs.watchJob({ id }));
    s2.trained(7);
    s1.trained(7);
    s1.say({ logs: [{ job: id, time: Date.now(), severity: "info", message: "seven steps" }] });
    await expect.poll(async () => (await get(id)).progress?.step, soon).toBe(7);
    expect(lossesOf(await takeUntil(scheduler.jobs.watchJob({ id }), 7))).toHaveLength(7);

    // The scheduler starts again: everyone goes on with what they have.
    await scheduler.stop();
    const sawAllOfThem = lossesOf(await watched);
    expect(sawAllOfThem).toHaveLength(7);
    scheduler = await start(scheduler.port);
    expect(await get(id)).toMatchObject({ state: JobState.TRAINING, progress: { step: 7 } });
    attachAll();
    await s1.told(`${id}/1/host/0`);
    await t1.told(`${id}/1/train`);
    await expect.poll(async () => (await get(id)).reason, soon).toContain("trains on t1, t2");

    // A server loses its memory: everyone goes back to step 5.
    await s2.die();
    await expect.poll(async () => (await get(id)).reason, soon).toContain("waits for s2");
    s2.attach(scheduler.address);
    await s2.told(`${id}/2/host/1`);
    await s1.told(`${id}/2/host/0`);
    await t1.told(`${id}/2/train`);
    expect(s2.tasks[0]?.work).toMatchObject({
      $case: "host",
      value: { step: 5, checkpoint: expect.stringContaining("sha256:"), shards: 2 },
    });
    expect((await get(id)).progress).toMatchObject({ step: 5, restarts: 1 });

    // A trainer goes for good, the other one goes on; a new one takes its place.
    await t2.die();
    nodes = nodes.filter((node) => node !== t2);
    await expect.poll(async () => (await get(id)).reason, soon).toContain("trains on t1 (1 of 2");
    const t3 = new ScriptedNode("t3", "trainer");
    t3.packaged = packaged;
    nodes.push(t3);
    t3.attach(scheduler.address);
    await t3.told(`${id}/2/train`);

    const rest = collect(scheduler.jobs.watchJob({ id, fromStep: 3 }));
    const log = collect(scheduler.jobs.readJobLog({ id, follow: true }));
    s1.trained(12);
    s2.trained(12);
    await expect.poll(async () => (await get(id)).progress?.step, soon).toBe(12);
    s1.trained(totalSteps);
    s2.trained(totalSteps);
    s1.trained(totalSteps, { tested: true });
    await reaches(id, JobState.SUCCEEDED);

    const done = await get(id);
    expect(done.outcome).toEqual({
      model: "digits",
      version: 1,
      digest: packaged,
      weightsSha256: "ab".repeat(32),
      alias: "champion",
      gateVerdict: "validation/accuracy 0.92 >= 0.9: champion moved to version 1",
      ending: { version: totalSteps, keptStep: totalSteps, keptEpoch: 2, reason: "" },
    });
    expect(done.progress).toMatchObject({ step: totalSteps, restarts: 1 });
    expect(done.endedAt?.getTime()).toBeGreaterThan(done.startedAt?.getTime() ?? 0);
    for (const node of nodes) await node.told();

    const { versions, model } = await registry.registry.getModel({ name: "digits" });
    expect(versions).toHaveLength(1);
    expect(versions[0]).toMatchObject({
      digest: packaged,
      metrics: { "validation/accuracy": 0.92, "test/accuracy": 0.91 },
      lineage: { job: id, traceId: traceIdOf(caller), numericClass: "test" },
      classes: ["0", "1"],
    });
    expect(versions[0]?.lineage?.spec).toMatchObject({ name: "digits" });
    expect(versions[0]?.lineage?.spec).not.toHaveProperty("priority");
    expect(model?.aliases).toMatchObject([{ alias: "champion", version: 1 }]);

    const curve = Array.from({ length: totalSteps }, (_, step) => lossAt(step));
    expect(lossesOf(await rest).slice(3)).toEqual(curve.slice(3));
    expect((await rest).at(-1)?.job?.state).toBe(JobState.SUCCEEDED);
    const whole = await collect(scheduler.jobs.watchJob({ id }));
    expect(lossesOf(whole)).toEqual(curve);
    // From the database: put together from what was kept at each checkpoint.
    expect(whole.flatMap(({ series }) => series.map(({ name }) => name))).toEqual(["gradientNorm"]);
    const [{ firstStep, values } = { firstStep: -1, values: new Uint8Array() }] =
      whole[0]?.series ?? [];
    expect(firstStep).toBe(0);
    expect([...new Float64Array(new Uint8Array(values).buffer)]).toEqual(
      curve.slice(0, -1).map((loss) => 10 * loss),
    );
    const lines = (await log).map(({ source, message }) => `${source}: ${message}`);
    expect(lines[0]).toMatch(/^scheduler-1: QUEUED/);
    expect(lines).toContain("s1: seven steps");
    expect(lines.join("\n")).toContain("all shards begin again from step 5");
    expect(lines.at(-1)).toContain("SUCCEEDED: registered as version 1 of digits");

    const phases = spans.filter(({ name }) => name.startsWith("job."));
    expect(phases.map(({ name }) => name)).toEqual(
      ["queue", "prepare", "place", "train", "package", "register"].map((word) => `job.${word}`),
    );
    for (const { traceparent, parent } of phases) {
      expect(traceIdOf(traceparent)).toBe(traceIdOf(caller));
      expect(traceIdOf(parent)).toBe(traceIdOf(caller));
    }
    expect(task?.traceparent).toBe(phases.find(({ name }) => name === "job.train")?.traceparent);
  });

  test("a gate that is not passed leaves the alias where it is", async () => {
    const gate = { metric: "accuracy", split: "test", min: 0.99, alias: "champion" };
    const { id } = await submit({ gate, resources: { workers: 1, servers: 1 } });
    await reaches(id, JobState.TRAINING);
    const server = await hostOf(id);
    server.trained(totalSteps, { tested: true });
    await reaches(id, JobState.SUCCEEDED);
    expect((await get(id)).outcome).toMatchObject({
      version: 2,
      alias: "",
      gateVerdict:
        "test/accuracy 0.91 < 0.99: champion stays where it is, version 2 is registered only",
    });
  });

  test("a cancelled job lets its nodes go, wherever it is", async () => {
    const running = await submit();
    await expect
      .poll(async () => (await get(running.id)).reason, soon)
      .toContain("(2 of 2 trainers)");
    const waiting = await submit();
    await expect
      .poll(async () => (await get(waiting.id)).reason, soon)
      .toBe(`waits for a trainer: 2 attached, both busy with ${running.id}`);
    const cancelled = await scheduler.jobs.cancelJob({ id: waiting.id });
    expect(cancelled.job).toMatchObject({
      state: JobState.CANCELLED,
      reason: "cancelled while QUEUED",
    });
    await scheduler.jobs.cancelJob({ id: running.id });
    for (const node of nodes) await node.told();
    await scheduler.jobs.cancelJob({ id: running.id });
    const { jobs } = await scheduler.jobs.listJobs({ limit: 3 });
    expect(jobs.map(({ id }) => id).slice(0, 2)).toEqual([waiting.id, running.id]);
    const older = await scheduler.jobs.listJobs({ before: running.id });
    expect(older.jobs.map(({ state }) => state)).toEqual([JobState.SUCCEEDED, JobState.SUCCEEDED]);
    await expect(scheduler.jobs.cancelJob({ id: older.jobs[0]?.id ?? "" })).rejects.toMatchObject({
      code: "failed-precondition",
    });
  });

  test("a job waits for a registry that is away, and goes on by itself", async () => {
    const { gate: _gate, ...ungated } = spec;
    const { port } = new URL(`http://${registry.address}`);
    const { job } = await scheduler.jobs.submitJob({
      spec: { ...ungated, name: "second", resources: { workers: 1, servers: 1 } },
    });
    const id = job?.id ?? "";
    await reaches(id, JobState.TRAINING);
    await registry.stop();
    (await hostOf(id)).trained(totalSteps, { tested: true });
    await expect.poll(async () => (await get(id)).reason, soon).toContain("waits for the registry");
    registry = await startRegistryServer({ folder, port: Number(port) });
    await expect.poll(async () => (await get(id)).state, soon).toBe(JobState.SUCCEEDED);
    expect((await get(id)).outcome).toMatchObject({
      alias: "champion",
      gateVerdict: "no gate, and the model had no champion: moved to version 1",
    });
  });

  test("a node that says nonsense is refused, and one that attaches twice replaces itself", async () => {
    const stranger = new ScriptedNode("../etc", "trainer");
    stranger.attach(scheduler.address);
    await stranger.ended();
    expect(stranger.fault).toMatchObject({
      code: "invalid-argument",
      violations: [{ field: "node" }],
    });

    const first = new ScriptedNode("twin", "trainer");
    const second = new ScriptedNode("twin", "trainer");
    first.attach(scheduler.address);
    await expect.poll(() => first.answers, soon).toBe(1);
    second.attach(scheduler.address);
    await first.ended();
    expect(first.fault).toBeUndefined();
    await expect.poll(() => second.answers, soon).toBe(1);
    second.say({ node: "another" });
    await second.ended();
    expect(second.fault).toMatchObject({ code: "invalid-argument" });
    expect((await scheduler.jobs.listJobs({ limit: 1 })).jobs).toHaveLength(1);
  });

  async function hostOf(id: string): Promise<ScriptedNode> {
    const hosts = () =>
      nodes.find(({ tasks }) => tasks.some((task) => task.id === `${id}/1/host/0`));
    await expect.poll(() => hosts()?.name, soon).toBeDefined();
    const host = hosts();
    if (!host) throw new Error("nobody hosts the job");
    return host;
  }
}

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of stream) all.push(one);
  return all;
}

async function takeUntil(
  stream: AsyncIterable<WatchJobResponse>,
  steps: number,
): Promise<WatchJobResponse[]> {
  const all: WatchJobResponse[] = [];
  for await (const one of stream) {
    all.push(one);
    if (lossesOf(all).length >= steps) break;
  }
  return all;
}

/** By step, put together as a client would. */
function lossesOf(responses: readonly WatchJobResponse[]): number[] {
  const losses: number[] = [];
  for (const { firstStep, losses: bytes } of responses)
    for (const [i, loss] of new Float64Array(new Uint8Array(bytes).buffer).entries())
      losses[firstStep + i] = loss;
  return losses;
}
