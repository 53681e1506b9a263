/**
 * One trace from `amaas train` to the first prediction, over gRPC and events, as a collector sees it
 * that every process sends its spans to.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createClient, jobStateName } from "@amaas/client";
import { createTelemetry } from "@amaas/telemetry";
import { expect, onTestFinished, test, vi } from "vitest";
import { startAmaas } from "../suite/amaas.ts";
import { insectsInput, insectsJob, writeInsects } from "./insects.ts";
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from "./otlp-receiver.ts";
import { type Story, showLinesOnFailure, startStory } from "./story.ts";

const timeout = 120_000;
const rpc = {
  submitJob: "amaas.scheduler.v1.Jobs/SubmitJob",
  exchange: "amaas.parameter_server.v1.ParameterServer/Exchange",
  createVersion: "amaas.registry.v1.Registry/CreateVersion",
  moveAlias: "amaas.registry.v1.Registry/MoveAlias",
  modelInfer: "inference.GRPCInferenceService/ModelInfer",
};
const moved = "amaas.registry.alias.moved";

test("from the command to the first prediction", { timeout }, async () => {
  const stage = await open();
  const { story, receiver } = stage;
  const { traceId } = await train(stage, "--follow");
  await story.client.waitServed("insects", 1);
  // The first one to ask knows nothing of the job and brings a trace of its own.
  await writeFile(join(story.directory, "row.json"), '{"size": 4.1, "colour": null}');
  const asked = await amaas(stage, "predict", "insects", "--input", "row.json");
  expect(asked).toMatchObject({ version: "1", predictions: [{ label: "bee" }] });
  // The next one goes on with the trace of the training.
  const root = await spanOf(receiver, "amaas train");
  await predict(stage, `00-${traceId}-${root.spanId}-01`);
  await story.stop();

  const tree = treeOf(receiver.spans, traceId);
  tree.expectWhole();
  expect(tree.failed()).toEqual([]);
  tree.expectEdges("amaas-cli", ["amaas train < root", `${rpc.submitJob} < amaas train`]);
  const phases = ["queue", "prepare", "place", "train", "package", "register"];
  tree.expectEdges("scheduler", [
    `${rpc.submitJob} < ${rpc.submitJob}`,
    ...phases.map((phase) => `job.${phase} < ${rpc.submitJob}`),
    `${rpc.createVersion} < job.register`,
    `${rpc.moveAlias} < job.register`,
  ]);
  tree.expectEdges("trainer", [
    "trainer.prepare < job.prepare",
    "trainer.train < job.train",
    `${rpc.exchange} < trainer.train`,
    `${rpc.exchange} < trainer.train`,
    "trainer.package < job.package",
  ]);
  tree.expectEdges("parameter-server", [
    `${rpc.exchange} < ${rpc.exchange}`,
    `${rpc.exchange} < ${rpc.exchange}`,
    ...[1, 2, 3, 4].map(() => "job.epoch < job.train"),
  ]);
  tree.expectEdges("registry", [
    `${rpc.createVersion} < ${rpc.createVersion}`,
    `publish amaas.registry.version.created < ${rpc.createVersion}`,
    `${rpc.moveAlias} < ${rpc.moveAlias}`,
    `publish ${moved} < ${rpc.moveAlias}`,
  ]);
  tree.expectEdges("inference", [
    `inference.batch < ${rpc.modelInfer}`,
    "inference.examine < inference.load",
    `inference.first_prediction < ${rpc.moveAlias}`,
    `inference.load < ${rpc.moveAlias}`,
    `inference.queue < ${rpc.modelInfer}`,
    "inference.run < inference.batch",
    "inference.swap < inference.load",
    "inference.warm < inference.load",
    `${rpc.modelInfer} < ${rpc.modelInfer}`,
    `process ${moved} < publish ${moved}`,
    "publish amaas.inference.version.loaded < inference.load",
  ]);

  for (const [before, after] of pairs(phases))
    expect(tree.one(`job.${after}`).start).toBe(tree.one(`job.${before}`).end);
  const epochs = tree.all("job.epoch").map(({ attributes }) => attributes["amaas.epoch"]);
  expect(epochs).toEqual([1, 2, 3, 4]);
  for (const { attributes } of tree.all("job.epoch"))
    expect(attributes).toMatchObject({
      "amaas.step_seconds.compute": expect.any(Number),
      "amaas.gradient_norm": expect.any(Number),
    });
  expect(tree.one("trainer.train").attributes["amaas.seconds.compute"]).toBeGreaterThan(0);
  expect(tree.one(`process ${moved}`).links).toEqual([tree.one(`publish ${moved}`).spanId]);
  expect([tree.one(`publish ${moved}`).kind, tree.one(`process ${moved}`).kind]).toEqual([
    "producer",
    "consumer",
  ]);
  const first = treeOf(receiver.spans, asked.traceId);
  first.expectWhole();
  const served = first.all(rpc.modelInfer).find(({ kind }) => kind === "server");
  expect(tree.one("inference.first_prediction").links).toEqual([served?.spanId]);
});

test("a scheduler that is killed takes no phase with it", { timeout }, async () => {
  const stage = await open();
  const { story, receiver } = stage;
  const { id, traceId } = await train(stage);
  // What the scheduler has sent is safe; the phase that it is in has not ended.
  await spanOf(receiver, "job.place");
  const killed = Date.now();
  story.suite.kill("scheduler");
  const { job } = await story.follow(id);
  expect(jobStateName(job.state), job.reason).toBe("succeeded");
  expect(job.traceId).toBe(traceId);
  await story.client.waitServed("insects", 1);
  await story.stop();

  const tree = treeOf(receiver.spans, traceId);
  tree.expectWhole();
  for (const phase of ["queue", "prepare", "place", "train", "package", "register"])
    expect(tree.all(`job.${phase}`), phase).toHaveLength(1);
  const training = tree.one("job.train");
  expect(training.start).toBeLessThan(killed);
  expect(training.end).toBeGreaterThan(killed);
  const [restarted] = [...story.suite.processes.values()].filter(({ restarts }) => restarts > 0);
  expect(restarted?.name).toBe("scheduler");
});

interface Stage {
  readonly story: Story;
  readonly receiver: OtlpReceiver;
  readonly variables: Readonly<Record<string, string>>;
}

async function open(): Promise<Stage> {
  const receiver = await startOtlpReceiver();
  onTestFinished(() => receiver.close());
  const variables = {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_BSP_SCHEDULE_DELAY: "200",
  };
  const story = await startStory({ trainers: 1, servers: 1, env: variables });
  onTestFinished(() => story.stop());
  showLinesOnFailure(story);
  await writeInsects(story.directory);
  return { story, receiver, variables };
}

/** Has the command train, and answers with the job as it told it. */
async function train(stage: Stage, ...options: readonly string[]) {
  const epochs = options.includes("--follow") ? 4 : 60;
  const path = join(stage.story.directory, "job.json");
  await writeFile(path, JSON.stringify(insectsJob({ epochs })));
  return amaas(stage, "train", "job.json", ...options);
}

/** The JSON document that a command answers with. */
async function amaas({ story, variables }: Stage, ...args: readonly string[]) {
  const { scheduler, registry, inference } = story.suite.endpoints;
  const where = ["--scheduler", scheduler, "--registry", registry, "--inference", inference];
  const running = startAmaas(story.directory, [...args, ...where, "--output", "json"], variables);
  const { code, stdout, stderr } = await running.ended;
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

/** Asks the model as a program would that sends its spans to the same collector. */
async function predict({ story, variables }: Stage, traceparent: string): Promise<void> {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  const telemetry = createTelemetry({ service: "shop", instance: "shop-1", level: "silent" });
  const client = createClient({ ...story.suite.endpoints, telemetry });
  await client.predict("insects", insectsInput(), { traceparent });
  client.close();
  await telemetry.shutdown();
  vi.unstubAllEnvs();
}

async function spanOf({ spans }: OtlpReceiver, name: string): Promise<ReceivedSpan> {
  const find = () => spans.find((span) => span.name === name);
  await expect.poll(find, { timeout: 60_000 }).toBeDefined();
  return find() as ReceivedSpan;
}

function treeOf(received: readonly ReceivedSpan[], traceId: string) {
  const spans = received
    .filter((span) => span.traceId === traceId)
    .sort((a, b) => a.start - b.start);
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const all = (name: string) => spans.filter((span) => span.name === name);
  /** The job's own events and what every call reads besides are not told of. */
  const aside = /Blobs|WatchJob|GetModel|ListAliases|scheduler\.job\.changed/;
  return {
    all,
    one(name: string): ReceivedSpan {
      const [span, ...more] = all(name).filter(({ kind }) => kind !== "client");
      expect({ name, more: more.length, found: span !== undefined }).toEqual({
        name,
        more: 0,
        found: true,
      });
      return span as ReceivedSpan;
    },
    failed: () =>
      spans
        .filter((span) => span.failed && !isInVain(span))
        .map(({ service, name, attributes }) => [service, name, attributes["rpc.status_code"]]),
    /** One root; everything else descends from it, and nothing is there twice. */
    expectWhole() {
      expect(byId.size).toBe(spans.length);
      const lost = spans.filter(({ parentId }) => parentId !== "" && !byId.has(parentId));
      expect(lost.map(({ service, name }) => `${service}: ${name}`)).toEqual([]);
      expect(spans.filter(({ parentId }) => parentId === "").map(({ name }) => name)).toHaveLength(
        1,
      );
    },
    /** What a service did, and for what. */
    expectEdges(service: string, wanted: readonly string[]) {
      const found = spans
        .filter((span) => span.service === service && !aside.test(span.name) && !isInVain(span))
        .map(({ name, parentId }) => `${name} < ${byId.get(parentId)?.name ?? "root"}`);
      expect(found.sort(), service).toEqual([...wanted].sort());
    },
  };
}

/** A trainer came before its shard was there, or once more after it had gone: nothing was lost. */
function isInVain({ name, attributes }: ReceivedSpan): boolean {
  return name === rpc.exchange && attributes["rpc.status_code"] === "NOT_FOUND";
}

function pairs<T>(items: readonly T[]): [T, T][] {
  return items.slice(1).map((item, index) => [items[index] as T, item]);
}
