/**
 * Many models offered by one replica that has memory for some of them: how soon it is ready, what a request to a model
 * takes that is loaded or not, and what random access to all of them takes at a steady rate. The
 * replica is the process that `amaas serve` starts; every answer is checked to be that of its model.
 */
import { join } from "node:path";
import { isDomainError } from "@amaas/errors";
import { graphBuilder, writeModel } from "@amaas/graph";
import { GRPCInferenceServiceDefinition } from "@amaas/proto/inference/grpc_service";
import { createClient } from "@amaas/rpc";
import { type ModelServer, startModelServer } from "@amaas/suite";
import { nullTelemetry } from "@amaas/telemetry";
import { tensor } from "@amaas/tensor";
import { type ModelFolder, modelFolder } from "../inference/model-folder.ts";
import { benchOptions } from "./options.ts";
import { peakMb, residentMb } from "./process-usage.ts";
import { printReport, tell } from "./report.ts";
import { quantile } from "./statistics.ts";

interface Scenario {
  readonly name: string;
  readonly models: number;
  /** Of its inputs and of its middle. */
  readonly width: number;
  readonly budgetMib: number;
  /** Requests a second. */
  readonly rate: number;
}

const scenarios: readonly Scenario[] = [
  { name: "1,000 of 17 KB, 384 MiB", models: 1000, width: 64, budgetMib: 384, rate: 300 },
  { name: "1,000 of 17 KB, 16 MiB", models: 1000, width: 64, budgetMib: 16, rate: 300 },
  { name: "200 of 4 MB, 256 MiB", models: 200, width: 1024, budgetMib: 256, rate: 30 },
];
const { only } = benchOptions({
  only: { default: "", what: "the beginning of the names of scenarios" },
});
const seconds = 20;
const singles = 100;
const limitMb = 512;

/** A hidden layer, and the number of the model on top. */
function model(number: number, width: number): Uint8Array {
  const g = graphBuilder("model");
  const x = g.input("x", "FP32", ["rows", width]);
  const data = Float32Array.from({ length: width * width }, (_, at) => Math.sin(at * (number + 1)));
  const hidden = g.relu(
    g.matMul(x, g.initializer("weights", tensor("FP32", [width, width], data))),
  );
  const sum = g.reduceMax(hidden, [1], { keepdims: true });
  g.output("y", g.add(sum, g.scalar(number, x)));
  return writeModel(g.model());
}

const nameOf = (number: number) => `m${String(number).padStart(4, "0")}`;

interface Figures {
  readonly firstReadyMs: number;
  readonly readyMs: number;
  readonly readyMb: number;
  readonly coldMs: readonly number[];
  readonly warmMs: readonly number[];
  readonly randomMs: readonly number[];
  readonly refused: number;
  readonly evictions: number;
  readonly demanded: number;
  readonly inMemory: number;
  /** Before the metrics of all models were read, and after. */
  readonly unscrapedMb: number;
  readonly peakMb: number;
}

async function measure({ models, width, budgetMib, rate }: Scenario): Promise<Figures> {
  const folder = await modelFolder();
  try {
    for (let number = 0; number < models; number++)
      await folder.put(`${nameOf(number)}/1/model.onnx`, model(number, width));
    const first = await started(folder, budgetMib);
    await first.replica.stop();
    const { replica, ms } = await started(folder, budgetMib);
    try {
      return { firstReadyMs: first.ms, readyMs: ms, ...(await ask(replica, models, width, rate)) };
    } finally {
      await replica.stop();
    }
  } finally {
    await folder.close();
  }
}

async function started({ path }: ModelFolder, budgetMib: number) {
  const from = performance.now();
  const replica = await startModelServer({
    folder: path,
    host: "127.0.0.1",
    ports: { http: 0, grpc: 0, metrics: 0 },
    mode: "none",
    pollSeconds: 60,
    models: [],
    env: {
      AMAAS_LOG_LEVEL: "warn",
      AMAAS_INFERENCE_CACHE: join(path, "..", "graphs"),
      AMAAS_INFERENCE_MEMORY_MIB: String(budgetMib),
    },
    onLine: (line) => process.stderr.write(`${line}\n`),
  });
  await replica.ready;
  return { replica, ms: performance.now() - from };
}

async function ask(replica: ModelServer, models: number, width: number, rate: number) {
  const client = createClient(GRPCInferenceServiceDefinition, replica.grpc, {
    telemetry: nullTelemetry(),
  });
  const input = new Uint8Array(4 * width);
  const infer = async (number: number) => {
    const { rawOutputContents } = await client.modelInfer({
      modelName: nameOf(number),
      inputs: [{ name: "x", datatype: "FP32", shape: [1n, BigInt(width)] }],
      rawInputContents: [input],
    });
    const [raw] = rawOutputContents;
    const y = new DataView(raw!.buffer, raw!.byteOffset).getFloat32(0, true);
    if (y !== number) throw new Error(`${nameOf(number)} answered ${y}`);
  };
  const timed = async (number: number) => {
    const from = performance.now();
    await infer(number);
    return performance.now() - from;
  };
  try {
    const pid = replica.pid!;
    const readyMb = residentMb(pid);
    await loadedAhead(replica);
    const coldMs: number[] = [];
    const warmMs: number[] = [];
    const { models: index } = await client.repositoryIndex({});
    const unloaded = index.filter(({ reason }) => reason === "unloaded");
    for (const { name } of (unloaded.length > 0 ? unloaded : index).slice(0, singles)) {
      const number = Number(name.slice(1));
      (unloaded.length > 0 ? coldMs : warmMs).push(await timed(number));
      warmMs.push(await timed(number));
    }
    const random = await randomly(models, rate, infer);
    const unscrapedMb = peakMb(pid);
    const metric = await metricsOf(replica);
    return {
      unscrapedMb,
      readyMb,
      coldMs,
      warmMs,
      ...random,
      evictions: metric("amaas_inference_evictions_total"),
      demanded: metric("amaas_inference_residence_loads_total", "demand"),
      inMemory: metric("amaas_inference_models_in_memory"),
      peakMb: peakMb(pid),
    };
  } finally {
    client.close();
  }
}

/** Milliseconds from when a request was due, whether or not others were late; and those that were refused. */
async function randomly(models: number, rate: number, infer: (number: number) => Promise<void>) {
  const randomMs: number[] = [];
  let refused = 0;
  const asked: Promise<void>[] = [];
  const until = performance.now() + seconds * 1000;
  let due = performance.now();
  while (due < until) {
    const at = due;
    const wait = at - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    asked.push(
      infer(Math.floor(Math.random() * models)).then(
        () => void randomMs.push(performance.now() - at),
        (error: unknown) => {
          if (!isDomainError(error)) throw error;
          refused++;
        },
      ),
    );
    due += (-Math.log(Math.random()) * 1000) / rate;
  }
  await Promise.all(asked);
  return { randomMs, refused };
}

/** As many as have room. */
async function loadedAhead(replica: ModelServer): Promise<void> {
  for (let last = -1; ; ) {
    const now = (await metricsOf(replica))("amaas_inference_models_in_memory");
    if (now === last) return;
    last = now;
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
}

type Metric = (name: string, label?: string) => number;

/** The page is read once for all: with a thousand models it is some megabytes long. */
async function metricsOf({ metrics }: ModelServer): Promise<Metric> {
  const lines = (await (await fetch(`http://${metrics}/metrics`)).text()).split("\n");
  return (name, label = "") =>
    lines
      .filter((line) => line.startsWith(name) && line.includes(label))
      .reduce((sum, line) => sum + Number(line.split(" ")[1]), 0);
}

const figures: Record<string, Figures> = {};
for (const scenario of scenarios) {
  if (!scenario.name.startsWith(only)) continue;
  tell(scenario.name);
  figures[scenario.name] = await measure(scenario);
}

const pair = (values: readonly number[]) =>
  values.length === 0
    ? "-"
    : `${quantile(values, 0.5).toFixed(1)} ${quantile(values, 0.99).toFixed(1)}`;
const peak = Math.max(...Object.values(figures).map((each) => each.peakMb));
printReport({
  bench: "models",
  header: [
    "models, budget",
    "first ready, s",
    "ready, s",
    "cold ms, p50 p99",
    "warm",
    "random",
    "cold of them",
    "refused",
    "evicted",
    "in memory",
    "peak MB",
    "with a scrape",
  ],
  rows: Object.entries(figures).map(([name, each]) => [
    name,
    (each.firstReadyMs / 1000).toFixed(1),
    (each.readyMs / 1000).toFixed(1),
    pair(each.coldMs),
    pair(each.warmMs),
    pair(each.randomMs),
    `${each.demanded - each.coldMs.length} of ${each.randomMs.length + each.refused}`,
    each.refused.toFixed(0),
    each.evictions.toFixed(0),
    each.inMemory.toFixed(0),
    each.unscrapedMb.toFixed(0),
    each.peakMb.toFixed(0),
  ]),
  targets: [
    {
      what: "peak memory of the process",
      wanted: `< ${limitMb} MB`,
      found: `${peak.toFixed(0)} MB`,
      met: peak < limitMb,
    },
  ],
  figures,
});
