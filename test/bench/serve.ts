/**
 * Serving against a bare onnxruntime loop of the same run, on models of three sizes: how much of the loop's throughput
 * comes through at saturation, what batching gains, what a small call costs beyond the model, a stream against single
 * calls, and the highest rate of random arrivals with p99 within 10 ms.
 *
 * Needs `h2load` (Debian's nghttp2-client) and the environment of test/interop (`pnpm interop`).
 */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { cpuSeconds } from "./process-usage.ts";
import { printReport, type Target, tell } from "./report.ts";
import { load, percentile } from "./serve/h2load.ts";
import {
  type ModelName,
  modelNames,
  requestFrame,
  type ServedModel,
  servedModel,
} from "./serve/models.ts";
import { highestRate } from "./serve/poisson.ts";
import { modelFolder, type Serving, serving } from "./serve/server.ts";
import { median, round } from "./statistics.ts";

const { values: options } = parseArgs({
  options: {
    models: { type: "string", default: modelNames.join(",") },
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "5" },
    threads: { type: "string", default: "2" },
    output: { type: "string" },
  },
});
const seconds = Number(options.seconds);
const run = promisify(execFile);
const bareLoop = join(import.meta.dirname, "serve", "bare-loop.ts");

interface Bare {
  readonly batch: number;
  readonly samplesPerSecond: number;
  readonly cpuMicroseconds: number;
}

async function bare(file: string, { features }: ServedModel, batches: readonly number[]) {
  const args = [bareLoop, file, features, seconds, batches.join(","), options.threads];
  const { stdout } = await run(process.execPath, args.map(String));
  return JSON.parse(stdout) as Bare[];
}

interface Round {
  /** Samples per second: of the bare loop one at a time and at its best, of the server without and with batching. */
  readonly bareOne: number;
  readonly bareBest: number;
  readonly alone: number;
  readonly batched: number;
}

interface Small {
  readonly cpuMicroseconds: number;
  readonly p50Ms: number;
  readonly unaryPerSecond: number;
  readonly streamPerSecond: number;
}

/** All contenders once; the server's two forms of one model differ in their configuration only. */
async function compare(
  name: ModelName,
  model: ServedModel,
  file: string,
  server: Serving,
): Promise<Round> {
  const batches = [1, 2, 4, 8, 16, 32, 64].filter((batch) => batch <= model.maxBatch);
  const loops = await bare(file, model, batches);
  const saturate = async (served: string) => {
    const frame = requestFrame(served, model);
    const { perSecond } = await load({
      ...server,
      frame,
      calls: 2 * model.maxBatch,
      connections: 2,
      seconds,
    });
    return perSecond;
  };
  return {
    bareOne: loops[0]!.samplesPerSecond,
    bareBest: Math.max(...loops.map(({ samplesPerSecond }) => samplesPerSecond)),
    alone: await saturate(`${name}-alone`),
    batched: await saturate(name),
  };
}

async function small(model: ServedModel, file: string, server: Serving): Promise<Small> {
  const [loop] = await bare(file, model, [1]);
  const frame = requestFrame("tiny", model);
  const before = cpuSeconds(server.pid);
  const crowded = await load({ ...server, frame, calls: 32, requests: 20_000 });
  const spent = ((cpuSeconds(server.pid) - before) * 1e6) / crowded.requests;
  const single = await load({ ...server, frame, calls: 1, requests: 5_000 });
  const messages = 20_000;
  const stream = await load({
    ...server,
    method: "ModelStreamInfer",
    frame: Buffer.concat(new Array<Buffer>(messages).fill(frame)),
    calls: 1,
    requests: 1,
  });
  return {
    cpuMicroseconds: spent - loop!.cpuMicroseconds,
    p50Ms: percentile(single.milliseconds, 0.5) - 1000 / loop!.samplesPerSecond,
    unaryPerSecond: single.perSecond,
    streamPerSecond: messages / (stream.milliseconds[0]! / 1000),
  };
}

const chosen = options.models.split(",") as ModelName[];
const folder = await modelFolder();
const models = new Map(chosen.map((name) => [name, servedModel(name)]));
const files = new Map<ModelName, string>();
for (const [name, model] of models) {
  await folder.put(name, model.onnx, `max_batch_size: ${model.maxBatch}\ndynamic_batching { }\n`);
  await folder.put(`${name}-alone`, model.onnx, "max_batch_size: 0\n");
  const file = join(folder.path, `${name}.bare`);
  await writeFile(file, model.onnx);
  files.set(name, file);
}

const rounds = new Map<ModelName, Round[]>(chosen.map((name) => [name, []]));
const smalls: Small[] = [];
const poisson = new Map<ModelName, number>();
try {
  await serving(
    folder.path,
    async (server) => {
      for (let index = 0; index < Number(options.rounds); index++)
        for (const [name, model] of models) {
          tell(`round ${index + 1} of ${options.rounds}: ${name}`);
          rounds.get(name)!.push(await compare(name, model, files.get(name)!, server));
          if (name === "tiny") smalls.push(await small(model, files.get(name)!, server));
        }
      for (const [name, model] of models) {
        tell(`random arrivals: ${name}`);
        const most = median(rounds.get(name)!.map(({ batched }) => batched));
        const search = {
          model: name,
          row: model.row(),
          boundMs: 10,
          mostPerSecond: most,
          seconds,
          precision: 0.05,
        };
        poisson.set(name, await highestRate({ ...server, ...search }));
      }
    },
    { AMAAS_INFERENCE_THREADS: options.threads },
  );
} finally {
  await folder.remove();
}

const of = (name: ModelName, figure: (round: Round) => number) =>
  median(rounds.get(name)!.map(figure));
const targets: Target[] = chosen
  .filter((name) => name !== "tiny")
  .map((name) => {
    const ratio = of(name, ({ batched, bareBest }) => batched / bareBest);
    return {
      what: `${name}, of the bare loop`,
      wanted: "0.95",
      found: String(round(ratio, 2)),
      met: ratio >= 0.95,
    };
  });
if (smalls.length > 0) {
  const cpu = median(smalls.map(({ cpuMicroseconds }) => cpuMicroseconds));
  const p50 = median(smalls.map(({ p50Ms }) => p50Ms));
  const times = median(
    smalls.map(({ streamPerSecond, unaryPerSecond }) => streamPerSecond / unaryPerSecond),
  );
  targets.push(
    {
      what: "CPU of a small call beyond the model",
      wanted: "60 us",
      found: `${round(cpu)} us`,
      met: cpu <= 60,
    },
    {
      what: "p50 of a single call beyond the model",
      wanted: "0.3 ms",
      found: `${round(p50, 2)} ms`,
      met: p50 <= 0.3,
    },
    {
      what: "messages of a stream to single calls",
      wanted: "10",
      found: String(round(times, 1)),
      met: times >= 10,
    },
  );
}
printReport({
  bench: "serve",
  header: [
    "samples/s",
    "bare, 1",
    "bare, best",
    "alone",
    "batched",
    "of bare",
    "gain",
    "Poisson, p99 <= 10 ms",
  ],
  rows: chosen.map((name) => [
    name,
    ...[
      of(name, ({ bareOne }) => bareOne),
      of(name, ({ bareBest }) => bareBest),
      of(name, ({ alone }) => alone),
      of(name, ({ batched }) => batched),
    ].map((figure) => String(round(figure))),
    String(
      round(
        of(name, ({ batched, bareBest }) => batched / bareBest),
        2,
      ),
    ),
    String(
      round(
        of(name, ({ batched, alone }) => batched / alone),
        2,
      ),
    ),
    String(round(poisson.get(name) ?? Number.NaN)),
  ]),
  targets,
  figures: { rounds: Object.fromEntries(rounds), smalls, poisson: Object.fromEntries(poisson) },
});
