/**
 * What the engine costs beyond onnxruntime: a run of a tiny model through a thread and a process against the same
 * run called directly, and how long a model of 100 MB takes to open from the cache of graphs.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEngine, type Feeds, type Isolation, openSession } from "@amaas/engine";
import { graphBuilder, writeModel } from "@amaas/graph";
import { tensor, zeros } from "@amaas/tensor";
import { benchOptions } from "./options.ts";
import { printReport, tell } from "./report.ts";
import { median, round } from "./statistics.ts";

benchOptions();
const runs = 3000;
const rounds = 5;
const isolations: readonly Isolation[] = ["shared", "process"];

interface Cost {
  readonly wallUs: number;
  /** Of all threads of this process. */
  readonly cpuUs: number;
}

async function costOf(run: () => Promise<unknown>): Promise<Cost> {
  for (let at = 0; at < 200; at++) await run();
  const cpu = process.cpuUsage();
  const started = performance.now();
  for (let at = 0; at < runs; at++) await run();
  const wallUs = ((performance.now() - started) * 1000) / runs;
  const { user, system } = process.cpuUsage(cpu);
  return { wallUs, cpuUs: (user + system) / runs };
}

function tiny(): Uint8Array {
  const g = graphBuilder("tiny");
  g.output("y", g.relu(g.input("x", "FP32", ["rows", 4])));
  return writeModel(g.model());
}

/** 25 layers of 1024 x 1024 weights: 100 MB. */
function large(): Uint8Array {
  const g = graphBuilder("large");
  let x = g.input("x", "FP32", ["rows", 1024]);
  for (let layer = 0; layer < 25; layer++) {
    const values = Float32Array.from({ length: 2 ** 20 }, (_, at) => Math.sin(at + layer) / 32);
    x = g.relu(g.matMul(x, g.initializer(`w${layer}`, tensor("FP32", [1024, 1024], values))));
  }
  g.output("y", x);
  return writeModel(g.model());
}

const engine = createEngine({ sharedThreads: 1, runLimitMs: 60_000, processes: { heapMiB: 256 } });
const folder = await mkdtemp(join(tmpdir(), "amaas-bench-"));
try {
  const feeds: Feeds = { x: zeros("FP32", [1, 4], { shared: true }) };
  const direct = await openSession(tiny(), { arena: false });
  const open = (isolation: Isolation) =>
    engine.open({ name: `tiny-${isolation}`, model: async () => tiny(), isolation });
  const ways = new Map<string, () => Promise<unknown>>([["direct", () => direct.run(feeds)]]);
  for (const isolation of isolations) {
    const session = await open(isolation);
    ways.set(isolation, () => session.run(feeds));
  }
  const costs = new Map<string, Cost[]>([...ways.keys()].map((way) => [way, []]));
  for (let at = 0; at < rounds; at++)
    for (const [way, run] of ways) {
      tell(`round ${at + 1}: ${way}`);
      costs.get(way)?.push(await costOf(run));
    }

  const model = large();
  const saved = await openSession(model, { optimization: "all", savedTo: folder });
  await saved.release();
  const x = zeros("FP32", [1, 1024]);
  const cold: number[] = [];
  const coldCpu: number[] = [];
  for (let at = 0; at < rounds; at++) {
    const cpu = process.cpuUsage();
    const started = performance.now();
    const session = await engine.open({
      name: "large",
      model: async () => ({ folder }),
      isolation: "thread",
      session: { arena: false },
    });
    await session.run({ x });
    cold.push(performance.now() - started);
    const { user, system } = process.cpuUsage(cpu);
    coldCpu.push((user + system) / 1000);
    await session.close();
  }

  const of = (way: string, what: keyof Cost) => median((costs.get(way) ?? []).map((c) => c[what]));
  const coldMs = median(cold);
  printReport({
    bench: "engine",
    header: ["a run of a tiny model", "wall us", "CPU us"],
    rows: [...ways.keys()].map((way) => [
      way,
      String(round(of(way, "wallUs"), 1)),
      String(round(of(way, "cpuUs"), 1)),
    ]),
    targets: [
      {
        what: `open a model of ${round(model.byteLength / 1e6)} MB from the cache and run it`,
        wanted: "<= 300 ms",
        found: `${round(coldMs)} ms, ${round(median(coldCpu))} ms of processor`,
        met: coldMs <= 300,
      },
    ],
    figures: { costs: Object.fromEntries(costs), coldMs: cold, coldCpuMs: coldCpu },
  });
} finally {
  await engine.close();
  await rm(folder, { recursive: true });
}
