/**
 * What bad input gets: an answer that says what was found and what was wanted, at once, from a suite
 * that goes on as if nothing had been sent. A test for each row of the design's table.
 */
import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { jobStateName } from "@amaas/client";
import type { DomainError } from "@amaas/errors";
import { BlobsDefinition } from "@amaas/proto/amaas/registry/v1/blobs";
import { RegistryDefinition } from "@amaas/proto/amaas/registry/v1/registry";
import { JobsDefinition } from "@amaas/proto/amaas/scheduler/v1/jobs";
import { GRPCInferenceServiceDefinition } from "@amaas/proto/inference/grpc_service";
import { type Client, createClient } from "@amaas/rpc";
import { nullTelemetry } from "@amaas/telemetry";
import { tensor } from "@amaas/tensor";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { slow } from "../inference/models.ts";
import { hostileModels, scaling } from "./hostile-models.ts";
import { insectsInput, insectsJob, submitInsects, writeInsects } from "./insects.ts";
import { readPrometheusText } from "./prometheus-text.ts";
import { type Story, showLinesOnFailure, startStory } from "./story.ts";

const timeout = 120_000;
/** Few, so that more load than that is soon there. */
const queueLimit = 4;
const raw = { telemetry: nullTelemetry(), retry: false };

let story: Story;
let jobs: Client<typeof JobsDefinition>;
let registry: Client<typeof RegistryDefinition>;
let blobs: Client<typeof BlobsDefinition>;
let inference: Client<typeof GRPCInferenceServiceDefinition>;
const lines: [process: string, line: string][] = [];
/** What the suite knew and answered before anyone sent it anything bad. */
let unharmed: string;

beforeAll(async () => {
  story = await startStory({
    trainers: 1,
    servers: 1,
    env: { AMAAS_INFERENCE_QUEUE: String(queueLimit) },
    onLine: (name, line) => void lines.push([name, line]),
  });
  const { endpoints } = story.suite;
  jobs = createClient(JobsDefinition, endpoints.scheduler, raw);
  registry = createClient(RegistryDefinition, endpoints.registry, raw);
  blobs = createClient(BlobsDefinition, endpoints.registry, raw);
  inference = createClient(GRPCInferenceServiceDefinition, endpoints.inference, raw);
  await writeInsects(story.directory);
  const { id } = await submitInsects(story.client, story.directory);
  const { job } = await story.follow(id);
  expect(jobStateName(job.state), job.reason).toBe("succeeded");
  await story.client.waitServed("insects", 1);
  unharmed = await lookAround();
}, timeout);

beforeEach(() => showLinesOnFailure(story));

afterEach(async () => {
  expect(await lookAround()).toBe(unharmed);
});

afterAll(async () => {
  for (const client of [jobs, registry, blobs, inference]) client?.close();
  await story?.stop();
});

/** The insects as the suite has them, and which processes it consists of. */
async function lookAround(): Promise<string> {
  const { client, suite } = story;
  const all = await client.jobs.list();
  const { version, outputs } = await client.infer("insects", insectsInput(4));
  return JSON.stringify({
    processes: [...suite.processes.values()].map(({ name, pid, ready }) => [name, pid, ready]),
    jobs: all.filter(({ spec }) => spec?.name === "insects").map(({ id, state }) => [id, state]),
    model: await client.models.get("insects"),
    answer: [version, outputs.label?.data, Array.from(outputs.probabilities?.data ?? [], Number)],
  });
}

async function refusal(call: Promise<unknown>): Promise<DomainError> {
  return call.then(
    () => expect.unreachable("it was accepted"),
    (error: DomainError) => error,
  );
}

describe("a spec", () => {
  test("with faults is refused with all of them, and nothing is queued", async () => {
    const spec = {
      ...insectsJob({ name: "Bad Name!" }),
      data: { format: "csv", file: "insects.csv", label: "", onBadRow: "ignore" },
      training: { epochs: -1, batchSize: "many", optimizer: { type: "adamm" } },
      surprise: true,
    };
    const before = await story.client.jobs.list();
    const error = await refusal(jobs.submitJob({ spec }));
    expect(error).toMatchObject({ code: "invalid-argument" });
    expect(error.violations.map(({ field }) => field).sort()).toEqual([
      "data.label",
      "data.onBadRow",
      "name",
      "surprise",
      "training.batchSize",
      "training.epochs",
      "training.optimizer.type",
    ]);
    for (const { description } of error.violations)
      expect(description).toMatch(/found .*, wanted |is not a known field; /);
    expect(await story.client.jobs.list()).toEqual(before);
  });

  test("that names a path, or a blob that is not there, is refused", async () => {
    const before = await story.client.jobs.list();
    const digest = `sha256:${"0".repeat(64)}`;
    for (const [file, says] of [
      ["insects.csv", "is a path"],
      [digest, `there is no blob ${digest}`],
    ] as const) {
      const error = await refusal(jobs.submitJob({ spec: insectsJob({ data: { file } }) }));
      expect(error).toMatchObject({
        code: "invalid-argument",
        violations: [{ field: "data.file", description: expect.stringContaining(says) }],
      });
    }
    expect(await story.client.jobs.list()).toEqual(before);
  });
});

test("an unknown job, model, version, alias or blob is not found, by its name", async () => {
  const job = "job_01ARZ3NDEKTSV4RRFFQ69G5FAV";
  const model = "insects";
  const alias = "canary";
  const digest = `sha256:${"0".repeat(64)}`;
  const calls: [() => Promise<unknown>, string][] = [
    [() => jobs.getJob({ id: job }), job],
    [() => jobs.cancelJob({ id: job }), job],
    [() => Array.fromAsync(jobs.watchJob({ id: job })), job],
    [() => Array.fromAsync(jobs.readJobLog({ id: job })), job],
    [() => registry.getModel({ name: "wasps" }), '"wasps"'],
    [
      () => registry.getVersion({ model: "wasps", which: { $case: "version", value: 1 } }),
      '"wasps"',
    ],
    [() => registry.getVersion({ model, which: { $case: "version", value: 9 } }), "version 9"],
    [() => registry.getVersion({ model, which: { $case: "alias", value: alias } }), '"canary"'],
    [() => registry.moveAlias({ model, alias: "champion", version: 9 }), "version 9"],
    [() => registry.rollback({ model, alias }), '"canary"'],
    [() => Array.fromAsync(blobs.downloadBlob({ digest })), digest],
    [() => inference.modelInfer({ modelName: "wasps" }), "'wasps'"],
    [() => inference.modelInfer({ modelName: model, modelVersion: "9" }), "version '9'"],
    [() => inference.modelMetadata({ name: "wasps" }), "'wasps'"],
  ];
  for (const [call, name] of calls)
    expect(await refusal(call())).toMatchObject({
      code: "not-found",
      message: expect.stringContaining(name),
    });
});

test("an alias move from a stale revision is told the current one", async () => {
  const move = { model: "insects", alias: "champion", version: 1, reason: "I saw it first" };
  for (const expectedRevision of [3, 7])
    expect(await refusal(registry.moveAlias({ ...move, expectedRevision }))).toMatchObject({
      code: "aborted",
      message: expect.stringContaining("is at revision 1 (version 1)"),
      metadata: { revision: "1", version: "1" },
    });
});

test("hostile models do no harm: the version before them serves on", { timeout }, async () => {
  const model = "hostile";
  const publish = async (bytes: Uint8Array) => {
    const { digest } = await story.client.blobs.upload(bytes);
    const { version } = await registry.createVersion({ version: { model, digest } });
    await registry.moveAlias({ model, alias: "champion", version: version?.version ?? 0 });
    return version?.version ?? 0;
  };
  const y = async () => {
    const x = tensor("FP32", [1, 4], Float32Array.of(1, 2, 3, 4));
    const { version, outputs } = await story.client.infer(model, { x });
    return [version, ...(outputs.y?.data ?? [])];
  };
  const good = await publish(scaling(3));
  await story.client.waitServed(model, good);
  const before = await residentMegabytes("inference-1");

  for (const [what, bytes] of Object.entries(hostileModels)) {
    const version = await publish(bytes);
    const failed = (line: Record<string, unknown>) =>
      line.message === "version failed to load" && line.version === version;
    await vi.waitFor(() => expect(said("inference-1", failed), what).not.toEqual([]), 20_000);
    expect(await y(), what).toEqual([String(good), 3, 6, 9, 12]);
  }
  expect((await residentMegabytes("inference-1")) - before).toBeLessThan(150);

  await registry.moveAlias({ model, alias: "champion", version: good });
  const mended = await publish(scaling(5));
  await story.client.waitServed(model, mended);
  expect(await y()).toEqual([String(mended), 5, 10, 15, 20]);
});

test("an infer request that does not fit is told what was found and what was wanted", async () => {
  const size = { name: "size", datatype: "FP32", shape: [1n, 1n] };
  const colour = { name: "colour", datatype: "BYTES", shape: [1n, 1n] };
  const bytes = [new Uint8Array(4), Uint8Array.of(3, 0, 0, 0, 0x72, 0x65, 0x64)];
  const cases: [object[], Uint8Array[], string][] = [
    [[{ ...size, name: "weight" }, colour], bytes, "unexpected inference input 'weight'"],
    [[size], bytes.slice(0, 1), "missing required input(s) ['colour']"],
    [[{ ...size, datatype: "FP64" }, colour], bytes, "'FP64', but model 'insects' expects 'FP32'"],
    [[{ ...size, shape: [4n] }, colour], bytes, "Expected [-1,1], got [4]"],
    [[size, colour], [new Uint8Array(3), bytes[1]!], "Expected 4, got 3"],
    [[size, colour], [bytes[0]!, Uint8Array.of(255, 255, 255, 255, 1)], "'colour'"],
    [[{ ...size, shape: [2n ** 40n, 1n] }, colour], bytes, "more than"],
  ];
  for (const [inputs, rawInputContents, says] of cases)
    expect(
      await refusal(inference.modelInfer({ modelName: "insects", inputs, rawInputContents })),
    ).toMatchObject({ code: "invalid-argument", message: expect.stringContaining(says) });
  // As many rows here as there.
  const torn = {
    size: tensor("FP32", [2, 1], Float32Array.of(1, 2)),
    colour: tensor("BYTES", [1, 1], ["red"]),
  };
  expect(["invalid-argument", "internal"]).toContain(
    (await refusal(story.client.infer("insects", torn))).code,
  );
});

describe("more load than can be served", () => {
  const width = 512;
  const ask = (rows: number, options: { deadlineMs?: number; signal?: AbortSignal } = {}) =>
    inference.modelInfer(
      {
        modelName: "slow",
        inputs: [{ name: "x", datatype: "FP32", shape: [BigInt(rows), BigInt(width)] }],
        rawInputContents: [new Uint8Array(rows * width * 4)],
      },
      options,
    );
  const runs = () => metric("inference-1", "nv_inference_exec_count", { model: "slow" });
  const waiting = () =>
    metric("inference-1", "nv_inference_pending_request_count", { model: "slow" });

  beforeAll(async () => {
    const { digest } = await story.client.blobs.upload(slow(3_000));
    await registry.createVersion({ version: { model: "slow", digest } });
    await registry.moveAlias({ model: "slow", alias: "champion", version: 1 });
    await story.client.waitServed("slow", 1);
  });

  test("is refused at once, with the time to come back", { timeout }, async () => {
    const order: string[] = [];
    const settle = async (call: Promise<unknown>) => {
      const error = await call.then(
        () => undefined,
        (reason: DomainError) => reason,
      );
      order.push(error?.code ?? "answered");
      return error;
    };
    const errors = await Promise.all(Array.from({ length: 24 }, () => settle(ask(1))));
    const refused = errors.filter((error) => error !== undefined);
    expect(errors.length - refused.length).toBeGreaterThan(queueLimit);
    expect(refused.length).toBeGreaterThan(5);
    for (const error of refused) {
      expect(error).toMatchObject({
        code: "resource-exhausted",
        message: expect.stringContaining("the queue is full: 4 requests wait"),
      });
      expect(error.retryAfterMs).toBeGreaterThan(0);
    }
    expect(order.lastIndexOf("resource-exhausted")).toBeLessThan(order.lastIndexOf("answered"));
  });

  test("whose callers leave, or whose deadlines pass, is dropped before it runs", {
    timeout,
  }, async () => {
    const before = await runs();
    const first = ask(60);
    const leave = new AbortController();
    const leavers = [1, 2].map(() => refusal(ask(1, { signal: leave.signal })));
    await expect.poll(waiting, { interval: 5 }).toBe(2);
    leave.abort();
    for (const error of await Promise.all(leavers)) expect(error.code).toBe("cancelled");
    await expect.poll(waiting, { interval: 5 }).toBe(0);
    // Refused, if it is known how long it would wait, else dropped when its time has come.
    const { code } = await refusal(ask(1, { deadlineMs: 30 }));
    expect(["deadline-exceeded", "resource-exhausted"]).toContain(code);
    await first;
    await ask(1);
    expect((await runs()) - before).toBe(2);
  });
});

test.each(["registry", "scheduler", "parameter-server", "trainer", "inference"])(
  "%s refuses to start with bad variables, and lists all of them",
  async (service) => {
    const main = fileURLToPath(import.meta.resolve(`@amaas/${service}/main`));
    const child = spawn(process.execPath, [main], {
      env: {
        PATH: process.env.PATH,
        AMAAS_PORT: "70000",
        AMAAS_LOG_LEVEL: "loud",
        AMAAS_DRAIN_SECONDS: "soon",
        AMAAS_BLOBS_URL: "ftp://blobs",
      },
      stdio: ["ignore", "ignore", "pipe"],
    });
    const closed = new Promise((resolve) => child.once("close", resolve));
    const said = await text(child.stderr);
    expect(await closed).toBe(78);
    const named = ["AMAAS_PORT", "AMAAS_LOG_LEVEL", "AMAAS_DRAIN_SECONDS", "AMAAS_BLOBS_URL"];
    for (const name of named) expect(said).toMatch(new RegExp(`^ {2}${name}: found `, "m"));
  },
);

describe("a data row that does not fit", () => {
  const faulty = (onBadRow: "fail" | "skip") =>
    insectsJob({
      name: `faulty-${onBadRow}`,
      data: { file: "faulty.csv", columns: { size: { type: "number" } }, onBadRow },
    });

  beforeAll(async () => {
    const lines = (await readFile(join(story.directory, "insects.csv"), "utf8")).split("\n");
    lines[3] = "enormous,red,ant";
    lines[7] = "1,red,ant,and,more";
    lines[9] = "1,red,";
    await writeFile(join(story.directory, "faulty.csv"), lines.join("\n"));
  });

  const run = async (onBadRow: "fail" | "skip") => {
    const baseDirectory = story.directory;
    const { id } = await story.client.jobs.submit(faulty(onBadRow), { baseDirectory });
    return (await story.follow(id)).job;
  };

  test("fails the job, which names file, row and column", { timeout }, async () => {
    const job = await run("fail");
    expect(jobStateName(job.state)).toBe("failed");
    expect(job.reason).toMatchInlineSnapshot(
      `"trainer-1: data.file: 3 of 400 rows do not fit: row 3 (line 4), column "size": found "enormous", wanted a number in the range of float32 (or declare the column as text); row 7 (line 8): found 5 cells, wanted 3 as in the header; row 9 (line 10), column "kind": the label is missing"`,
    );
    expect(await refusal(story.client.models.get("faulty-fail"))).toMatchObject({
      code: "not-found",
    });
  });

  test("is left out and counted where the job says so", { timeout }, async () => {
    const job = await run("skip");
    expect(jobStateName(job.state), job.reason).toBe("succeeded");
    expect(await story.log(job.id)).toContain("3 rows skipped");
  });
});

test("a warm-up longer than the training, which only its rows tell, fails the job", {
  timeout,
}, async () => {
  const schedule = { type: "cosine", unit: "step", warmup: { length: 80 } };
  const change = { name: "warming", training: { schedule } };
  const { id } = await submitInsects(story.client, story.directory, change);
  const { job } = await story.follow(id);
  expect(jobStateName(job.state)).toBe("failed");
  expect(job.reason).toBe(
    "trainer-1: training.schedule.warmup.length: is 80 steps, wanted fewer than the 80 of the training",
  );
});

/** The lines that a process has logged of something. */
function said(process: string, what: (line: Record<string, unknown>) => boolean): unknown[] {
  const of = lines.filter(([name]) => name === process).map(([, line]) => JSON.parse(line));
  return of.filter(what);
}

async function metric(
  process: string,
  family: string,
  labels: Readonly<Record<string, string>>,
): Promise<number> {
  const { http = "" } = story.suite.processes.get(process) ?? {};
  const page = await (await fetch(`http://${http}/metrics`)).text();
  const samples = readPrometheusText(page).get(family)?.samples ?? [];
  const matching = samples.filter((sample) =>
    Object.entries(labels).every(([name, value]) => sample.labels[name] === value),
  );
  return matching.reduce((sum, { value }) => sum + value, 0);
}

async function residentMegabytes(process: string): Promise<number> {
  return (await metric(process, "process_resident_memory_bytes", {})) / 2 ** 20;
}
