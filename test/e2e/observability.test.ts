/**
 * How every service shows itself to those who run it, and how it leaves: metrics, logs, health,
 * reflection, probes; and on SIGTERM calls in flight finish and the exit code is 0.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { jobStateName } from "@amaas/client";
import { BlobsDefinition, type UploadBlobRequest } from "@amaas/proto/amaas/registry/v1/blobs";
import { RegistryDefinition } from "@amaas/proto/amaas/registry/v1/registry";
import { Channel, createClient } from "@amaas/rpc";
import { nullTelemetry } from "@amaas/telemetry";
import { tensor } from "@amaas/tensor";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { slow } from "../inference/models.ts";
import { insectsInput, submitInsects, writeInsects } from "./insects.ts";
import { readPrometheusText } from "./prometheus-text.ts";
import { checkHealth, listServices, watchHealth } from "./standard-services.ts";
import { type Story, showLinesOnFailure, startStory } from "./story.ts";

const timeout = 120_000;

/** Each process' own services; a trainer only calls others. */
const services = {
  registry: ["amaas.registry.v1.Registry", "amaas.registry.v1.Blobs"],
  scheduler: ["amaas.scheduler.v1.Jobs", "amaas.scheduler.v1.Fleet"],
  "parameter-server-1": [
    "amaas.parameter_server.v1.Norms",
    "amaas.parameter_server.v1.ParameterServer",
  ],
  "trainer-1": [],
  "inference-1": ["inference.GRPCInferenceService", "xds.service.orca.v3.OpenRcaService"],
} as const satisfies Record<string, readonly string[]>;

/** What the training of one job and one request must have left in the metrics. */
const counted: Readonly<Record<keyof typeof services, readonly string[]>> = {
  registry: ["amaas_registry_versions_total", "amaas_registry_alias_moves_total"],
  scheduler: ["amaas_scheduler_jobs", "amaas_scheduler_placements_total"],
  "parameter-server-1": [
    "amaas_parameter_server_steps_total",
    "amaas_parameter_server_apply_seconds",
    "amaas_parameter_server_norm",
  ],
  "trainer-1": [
    "amaas_trainer_samples_total",
    "amaas_trainer_tasks_total",
    "amaas_trainer_step_seconds",
  ],
  "inference-1": ["amaas_inference_loads_total", "nv_inference_request_success"],
};

describe("every service", () => {
  const lines: [process: string, line: string][] = [];
  let story: Story;
  let traceId: string;

  beforeAll(async () => {
    story = await startStory({
      trainers: 1,
      servers: 1,
      // Calls in flight at a stop take as long as they take on a busy machine.
      env: { AMAAS_DRAIN_SECONDS: "60" },
      onLine: (name, line) => void lines.push([name, line]),
    });
    await writeInsects(story.directory);
    const { id } = await submitInsects(story.client, story.directory);
    const { job } = await story.follow(id);
    expect(jobStateName(job.state), job.reason).toBe("succeeded");
    traceId = job.traceId;
    await story.client.waitServed("insects", 1);
    await story.client.infer("insects", insectsInput());
  }, timeout);
  afterAll(() => story?.stop());
  beforeEach(() => showLinesOnFailure(story));

  const names = Object.keys(services) as (keyof typeof services)[];
  const http = async (name: string, path: string, accept = "*/*") => {
    const { http: host = "" } = story.suite.processes.get(name) ?? {};
    const response = await fetch(`http://${host}${path}`, { headers: { accept } });
    const type = response.headers.get("content-type") ?? "";
    return { status: response.status, type, body: await response.text() };
  };

  test.for(names)("%s has metrics in Prometheus' text format", async (name) => {
    const page = await http(name, "/metrics");
    expect(page).toMatchObject({ status: 200, type: expect.stringContaining("version=0.0.4") });
    const families = readPrometheusText(page.body);
    for (const family of [...counted[name], "process_resident_memory_bytes"]) {
      const samples = families.get(family)?.samples ?? [];
      expect(Math.max(...samples.map(({ value }) => value)), family).toBeGreaterThan(0);
    }
    for (const [family, { type }] of families)
      if (family.startsWith("amaas_"))
        expect(family.endsWith("_total"), family).toBe(type === "counter");
    const newer = await http(name, "/metrics", "application/openmetrics-text;version=1.0.0");
    expect(newer.type).toContain("application/openmetrics-text");
    expect(newer.body.endsWith("# EOF\n")).toBe(true);
  });

  test.for(names)("%s logs JSON, with the trace of the job where it works for one", (name) => {
    const said = lines.filter(([process]) => process === name).map(([, line]) => JSON.parse(line));
    for (const line of said) {
      expect(line).toMatchObject({
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        level: expect.stringMatching(/^(debug|info|warn|error)$/),
        service: name.replace(/-\d+$/, ""),
        instance: name,
        message: expect.any(String),
      });
    }
    for (const [, line] of lines) expect(keysOf(line).length).toBe(new Set(keysOf(line)).size);
    const traced = said.filter((line) => line.trace_id === traceId);
    expect(traced.length).toBeGreaterThan(0);
    for (const { span_id: span } of traced) expect(span).toMatch(/^[0-9a-f]{16}$/);
  });

  test.for(names)("%s answers health checks, reflection and probes", async (name) => {
    const { grpc = "" } = story.suite.processes.get(name) ?? {};
    for (const service of ["", ...services[name]]) {
      expect(await checkHealth(grpc, service), service).toBe("SERVING");
      const { told } = watchHealth(grpc, service);
      await expect.poll(() => told).toEqual(["SERVING"]);
    }
    await expect(checkHealth(grpc, "amaas.Nothing")).rejects.toMatchObject({ code: "not-found" });
    expect((await listServices(grpc)).sort()).toEqual([...services[name]].sort());
    expect(await http(name, "/livez")).toMatchObject({ status: 200, body: "ok\n" });
    expect(await http(name, "/readyz")).toMatchObject({ status: 200, body: "ok\n" });
    expect((await http(name, "/nothing")).status).toBe(404);
  });
});

/** The keys of a JSON object's line, one named twice included. */
function keysOf(line: string): string[] {
  const keys: string[] = [];
  let depth = 0;
  for (const [token] of line.matchAll(/"(?:[^"\\]|\\.)*"(?:\s*:)?|[{}[\]]/g)) {
    if (token === "{" || token === "[") depth++;
    else if (token === "}" || token === "]") depth--;
    else if (depth === 1 && token.endsWith(":")) keys.push(token);
  }
  return keys;
}

describe("on SIGTERM", () => {
  const exits = new Map<string, unknown>();
  let story: Story;

  beforeAll(async () => {
    story = await startStory({
      restart: false,
      env: { AMAAS_DRAIN_SECONDS: "40" },
      onExit: (name, exit) => void exits.set(name, exit),
    });
    await writeInsects(story.directory);
  }, timeout);
  afterAll(() => story?.stop());
  beforeEach(() => showLinesOnFailure(story));

  /** Sends it, and looks on until the process is gone. */
  const terminate = async (name: keyof typeof services | "trainer-2") => {
    const { grpc = "", http = "" } = story.suite.processes.get(name) ?? {};
    const own = name in services ? services[name as keyof typeof services] : [];
    const watches = ["", ...own].map((service) => watchHealth(grpc, service));
    await expect.poll(() => watches.map(({ told }) => told.at(-1))).not.toContain(undefined);
    story.suite.kill(name, "SIGTERM");
    return {
      /** While something keeps it busy. */
      async refuses() {
        const readyz = async () => (await fetch(`http://${http}/readyz`)).status;
        await expect.poll(readyz, { interval: 20 }).toBe(503);
        expect((await fetch(`http://${http}/livez`)).status).toBe(200);
      },
      async ends() {
        await expect.poll(() => exits.get(name), { timeout: 60_000 }).toMatchObject({ code: 0 });
        await Promise.all(watches.map(({ ended }) => ended));
        for (const { told } of watches) expect(told).toEqual(["SERVING", "NOT_SERVING"]);
      },
    };
  };

  test("a trainer and a parameter server leave a job that goes on without them", {
    timeout,
  }, async () => {
    const submit = () => submitInsects(story.client, story.directory, { epochs: 20 });
    const { job: undisturbed } = await story.follow((await submit()).id);
    const leave = async () => {
      await (await terminate("trainer-1")).ends();
      await (await terminate("parameter-server-1")).ends();
    };
    const underWay = Promise.withResolvers<void>();
    const left = underWay.promise.then(leave);
    const { id } = await submit();
    const interruption = { atStep: 100, act: underWay.resolve };
    const [{ job }] = await Promise.all([story.follow(id, interruption), left]);
    expect(jobStateName(job.state), job.reason).toBe("succeeded");
    expect(job.outcome?.weightsSha256).toBe(undisturbed.outcome?.weightsSha256);
  });

  test("inference answers every request that it has taken", { timeout }, async () => {
    const { digest } = await story.client.blobs.upload(slow(3_000));
    const { endpoints } = story.suite;
    const registry = createClient(RegistryDefinition, endpoints.registry, {
      telemetry: nullTelemetry(),
    });
    onTestFinished(() => registry.close());
    await registry.createVersion({ version: { model: "slow", digest } });
    await story.client.models.promote("slow", 1, "champion");
    await story.client.waitServed("slow", 1);

    const [rows, width] = [16, 512];
    const x = tensor("FP32", [rows, width], new Float32Array(rows * width).fill(1));
    const answers = Array.from({ length: 6 }, () => story.client.predict("slow", { x }));
    await expect
      .poll(() => pendingAt("inference-1"), { timeout: 20_000, interval: 5 })
      .toBeGreaterThan(2);
    const { refuses, ends } = await terminate("inference-1");
    await refuses();
    for (const { y } of await Promise.all(answers)) expect(y?.shape).toEqual([rows, width]);
    await ends();
  });

  test("the scheduler ends its streams in good order", { timeout }, async () => {
    const { id } = await submitInsects(story.client, story.directory, { epochs: 2_000 });
    const interruptions: unknown[] = [];
    const stop = new AbortController();
    const watching = (async () => {
      const onInterrupted = (error: unknown) => {
        interruptions.push(error);
        stop.abort();
      };
      const updates = story.client.jobs.watch(id, { signal: stop.signal, onInterrupted });
      for await (const _ of updates);
    })().catch(() => {});
    await sleep(500);
    await (await terminate("scheduler")).ends();
    await watching;
    expect(interruptions).toMatchObject([
      { message: "the scheduler ended the stream before the job ended" },
    ]);
  });

  test("the registry takes the rest of an upload", { timeout }, async () => {
    const { grpc = "" } = story.suite.processes.get("registry") ?? {};
    // On a connection that closes Node drops pings, which grpc-js takes for a dead peer: none is due here.
    const client = createClient(BlobsDefinition, grpc, {
      telemetry: nullTelemetry(),
      keepaliveMs: 600_000,
    });
    onTestFinished(() => client.close());
    const chunks = new Channel<UploadBlobRequest>();
    const send = (text: string) =>
      chunks.push({ chunk: new TextEncoder().encode(text), expectedDigest: "" });
    const uploaded = client.uploadBlob(chunks);
    send("one half, ");
    await sleep(200);
    const { refuses, ends } = await terminate("registry");
    await refuses();
    send("and the other");
    chunks.end();
    expect(await uploaded).toMatchObject({ bytes: 23 });
    await ends();
  });

  async function pendingAt(name: string): Promise<number> {
    const { http = "" } = story.suite.processes.get(name) ?? {};
    const page = await (await fetch(`http://${http}/metrics`)).text();
    const pending = readPrometheusText(page).get("nv_inference_pending_request_count");
    return pending?.samples.reduce((sum, { value }) => sum + value, 0) ?? 0;
  }
});
