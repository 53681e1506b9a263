/**
 * Serving against a bare onnxruntime loop of the same run, and other servers where they are installed, on models of three
 * sizes: how much of the loop's throughput comes through at saturation, what batching gains, what a small call costs
 * beyond the model, a stream against single calls, the highest rates of random arrivals with p99 within 10 and 50 ms, and
 * what a model's p99 is while another is loaded, with all cores for models and with one less.
 *
 * Needs `h2load` (Debian's nghttp2-client) and the environment of test/interop (`pnpm interop`).
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errorMessage } from "@amaas/errors";
import { benchOptions } from "./options.ts";
import { printReport, type Target, tell } from "./report.ts";
import { load } from "./serve/h2load.ts";
import {
  type ModelName,
  modelNames,
  requestFrame,
  type ServedModel,
  servedModel,
} from "./serve/models.ts";
import { type Neighbour, neighbour } from "./serve/neighbour.ts";
import { highestRate } from "./serve/poisson.ts";
import { isMade, rivalNames } from "./serve/rivals/environment.ts";
import { type Rival, startRival } from "./serve/rivals/rival.ts";
import { type Saturation, saturation } from "./serve/saturation.ts";
import { modelFolder, type Serving, serving } from "./serve/server.ts";
import { type SmallCalls, smallCalls } from "./serve/small-calls.ts";
import { median, round } from "./statistics.ts";

const options = benchOptions({
  models: { default: modelNames.join(","), what: "some of them" },
  parts: { default: "arrivals,loads", what: "besides saturation, some of them, or none" },
  rivals: { default: rivalNames.join(","), what: "some of them, or none" },
  rounds: { default: "2", what: "of which medians are taken" },
  seconds: { default: "4", what: "for each contender of a round, and each try at a rate" },
  threads: { default: "2", what: "of onnxruntime, in the loop and in the servers" },
});
const seconds = Number(options.seconds);
const threads = Number(options.threads);
const rounds = Number(options.rounds);
const parts = new Set(options.parts.split(","));
const boundsMs = [50, 10];

interface Entrant {
  readonly name: ModelName;
  readonly model: ServedModel;
  readonly file: string;
}

const chosen = options.models.split(",") as ModelName[];
const folder = await modelFolder();
const entrants: Entrant[] = [];
for (const name of chosen) {
  const model = servedModel(name);
  const { onnx, maxBatch } = model;
  await folder.put(name, onnx, `max_batch_size: ${maxBatch}\ndynamic_batching { }\n`);
  await folder.put(`${name}-alone`, onnx, "max_batch_size: 1\n");
  const file = join(folder.path, `${name}.bare`);
  await writeFile(file, onnx);
  entrants.push({ name, model, file });
}

const warmUp = servedModel("tiny");
await folder.put("warm-up", warmUp.onnx);

const saturations = new Map<ModelName, Saturation[]>(chosen.map((name) => [name, []]));
const smalls: SmallCalls[] = [];
/** Requests per second by model, in the order of the bounds. */
const poisson = new Map<ModelName, readonly number[]>(chosen.map((name) => [name, []]));
const beside: Neighbour[] = [];
const rivals: Rival[] = [];

async function startRivals(): Promise<void> {
  const models = entrants.map(({ name, file, model: { features, maxBatch } }) => {
    return { name, file, features, maxBatch };
  });
  for (const name of rivalNames.filter((rival) => options.rivals.split(",").includes(rival)))
    try {
      if (!isMade(name)) throw new Error("node test/bench/serve/make-rivals.ts installs it");
      rivals.push(await startRival(name, models, threads));
    } catch (error) {
      tell(`${name} is left out: ${errorMessage(error)}`);
    }
}

async function measure(server: Serving): Promise<void> {
  // In the first seconds the machine compiles the server's code while it runs it.
  await load({ ...server, frame: requestFrame("warm-up", warmUp), calls: 64, seconds: 5 });
  for (let index = 0; index < rounds; index++)
    for (const entrant of entrants) {
      const { name } = entrant;
      tell(`round ${index + 1} of ${rounds}: ${name}`);
      const contest = { ...entrant, server, rivals, threads, seconds };
      saturations.get(name)!.push(await saturation(contest));
      if (name === "tiny") smalls.push(await smallCalls(contest));
    }
  if (parts.has("arrivals")) for (const entrant of entrants) await arrivals(server, entrant);
}

async function arrivals(server: Serving, { name, model }: Entrant): Promise<void> {
  let most = Math.ceil(of(name, ({ batched }) => batched));
  for (const boundMs of boundsMs) {
    tell(`random arrivals: ${name}, p99 within ${boundMs} ms`);
    const search = { row: model.row(), boundMs, mostPerSecond: most, seconds, precision: 1.15 };
    const rate = most > 0 ? await highestRate({ ...server, model: name, ...search }) : 0;
    poisson.set(name, [...poisson.get(name)!, rate]);
    // What was too much for one bound is too much for a tighter one.
    most = Math.min(most, Math.ceil(rate * search.precision));
  }
}

async function besideLoads(cores: number): Promise<void> {
  const resnet = entrants.find(({ name }) => name === "resnet18");
  if (!resnet || cores === 0) return;
  tell(`beside a model that is loaded, ${cores} of ${threads} cores for models`);
  const perSecond = (of("resnet18", ({ batched }) => batched) / 4) * (cores / threads);
  const watch = async (server: Serving) => {
    beside.push(
      await neighbour({ ...resnet, server, folder: folder.path, cores, perSecond, seconds: 20 }),
    );
  };
  await serving(folder, watch, { AMAAS_INFERENCE_THREADS: String(cores) });
}

function of(name: ModelName, figure: (round: Saturation) => number): number {
  return median(saturations.get(name)!.map(figure));
}

try {
  await startRivals();
  await serving(folder, measure, { AMAAS_INFERENCE_THREADS: options.threads });
  if (parts.has("loads")) for (const cores of [threads, threads - 1]) await besideLoads(cores);
} finally {
  for (const rival of rivals) await rival.stop();
  await folder.remove();
}

const atLeast = (what: string, found: number, wanted: number, digits: number): Target => {
  return {
    what,
    wanted: String(wanted),
    found: String(round(found, digits)),
    met: found >= wanted,
  };
};
const atMost = (what: string, found: number, wanted: number, unit: string): Target => ({
  what,
  wanted: `${wanted}${unit}`,
  found: `${round(found, 2)}${unit}`,
  met: found <= wanted,
});
const small = (figure: (calls: SmallCalls) => number) => median(smalls.map(figure));

const targets = chosen
  .filter((name) => name !== "tiny")
  .map((name) => {
    const ratio = of(name, ({ batched, bareBest }) => batched / bareBest);
    return atLeast(`${name}, of the bare loop`, ratio, 0.95, 2);
  });
if (smalls.length > 0) {
  const [cpu, p50] = [small((one) => one.cpuMicroseconds), small((one) => one.p50Ms)];
  const times = small(({ streamPerSecond, unaryPerSecond }) => streamPerSecond / unaryPerSecond);
  targets.push(
    atMost("processor of a small call beyond the model", cpu, 60, " us"),
    atMost("p50 of a single call beyond the model", p50, 0.3, " ms"),
    atLeast("messages of a stream to single calls", times, 10, 1),
  );
}
for (const { cores, restP99Ms, loadingP99Ms, flips } of beside) {
  const what = `p99 beside ${flips} loads to that at rest, ${round(restP99Ms, 1)} ms, ${cores} of ${threads} cores for models`;
  targets.push(atMost(what, loadingP99Ms / restP99Ms, 1.2, ""));
}

const ratios = ["of bare", "gain"];
printReport({
  bench: "serve",
  header: [
    "samples/s",
    ...["bare, 1", "bare, best", "alone", "batched", ...ratios],
    ...rivals.map(({ name }) => name),
    ...boundsMs.map((boundMs) => `Poisson, p99 <= ${boundMs} ms`),
  ],
  rows: chosen.map((name) => {
    const digits = name === "tiny" ? 0 : 1;
    const cell = (figure: (round: Saturation) => number, places = digits) =>
      String(round(of(name, figure), places));
    return [
      name,
      cell(({ bare }) => bare[0]!.samplesPerSecond),
      cell(({ bareBest }) => bareBest),
      cell(({ alone }) => alone),
      cell(({ batched }) => batched),
      cell(({ batched, bareBest }) => batched / bareBest, 2),
      cell(({ batched, alone }) => batched / alone, 2),
      ...rivals.map((rival) => cell((found) => found.rivals[rival.name] ?? Number.NaN)),
      ...boundsMs.map((_, index) => String(round(poisson.get(name)?.[index] ?? Number.NaN))),
    ];
  }),
  targets,
  figures: {
    saturations: Object.fromEntries(saturations),
    smalls,
    poisson: Object.fromEntries(poisson),
    beside,
  },
});
