/**
 * Training samples per second with one worker and with two, through the whole suite, on a job that
 * is nearly all arithmetic; beside it what the machine itself gives when two processes compute at
 * once, and the quickstart's job.
 *
 * Every round runs all of them; the ratios are those of the medians.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Amaas, createClient, hasEnded, jobStateName } from "@amaas/client";
import { examples } from "@amaas/examples";
import { startSuite } from "@amaas/suite";
import { benchOptions } from "./options.ts";
import { printReport, tell } from "./report.ts";
import { computeBound, quickstart, trainingRows, virtualShards } from "./scale/jobs.ts";
import { median, round } from "./statistics.ts";

const given = benchOptions({
  batch: { default: "4800", what: "samples in a step of the compute-bound job" },
  rounds: { default: "3", what: "of which medians are taken" },
});
const batchSize = Number(given.batch);
const rounds = Number(given.rounds);
const target = 1.8;
const bareSeconds = 2;
/** While sessions warm up and loops are compiled. */
const skippedSteps = 8;

const contenders = [
  { name: "bare onnxruntime, 1 process", run: () => bare(1) },
  { name: "bare onnxruntime, 2 processes", run: () => bare(2) },
  { name: "compute-bound job, 1 worker", run: () => wide(1) },
  { name: "compute-bound job, 2 workers", run: () => wide(2) },
  { name: "quickstart's job, 1 worker", run: () => small(1) },
  { name: "quickstart's job, 2 workers", run: () => small(2) },
] as const;

const directory = await mkdtemp(join(tmpdir(), "amaas-bench-scale-"));
const suite = await startSuite({
  directory: join(directory, "suite"),
  trainers: 2,
  servers: 2,
  ports: "free",
  env: { AMAAS_TRAINER_THREADS: "1" },
});
const client = createClient(suite.endpoints);
const results = contenders.map((): number[] => []);
try {
  await Promise.all([suite.ready(), examples.digits.writeData(directory)]);
  for (let index = 1; index <= rounds; index++)
    for (const [place, { name, run }] of contenders.entries()) {
      const samples = await run();
      results[place]?.push(samples);
      tell(`round ${index} of ${rounds}: ${name}, ${samples.toFixed(0)} samples/s`);
    }
} finally {
  client.close();
  await suite.stop();
  await rm(directory, { recursive: true, force: true });
}

function wide(workers: number): Promise<number> {
  return train(client, computeBound({ workers, batchSize, epochs: 12 * workers }), batchSize);
}

function small(workers: number): Promise<number> {
  return train(client, quickstart({ workers, batchSize: 128, epochs: 6 }), 128);
}

/** Samples per second of a job, from a few steps after its beginning to its last step. */
async function train(amaas: Amaas, document: object, batch: number): Promise<number> {
  const { id } = await amaas.jobs.submit(document, { baseDirectory: directory });
  const times: { readonly steps: number; readonly at: number }[] = [];
  for await (const { job, firstStep, losses } of amaas.jobs.watch(id)) {
    const steps = firstStep + losses.length;
    if (losses.length > 0 && steps >= skippedSteps) times.push({ steps, at: performance.now() });
    if (!hasEnded(job.state)) continue;
    if (job.outcome === undefined)
      throw new Error(`the job ended as ${jobStateName(job.state)}: ${job.reason}`);
  }
  const [first, last] = [times[0], times.at(-1)];
  if (!first || !last || first === last) throw new Error("the job was too short to be measured");
  const samples = samplesIn(last.steps, batch) - samplesIn(first.steps, batch);
  return (samples * 1000) / (last.at - first.at);
}

/** Samples in the first steps of a job: the last batch of an epoch may be short. */
function samplesIn(steps: number, batch: number): number {
  const stepsPerEpoch = Math.ceil(trainingRows / batch);
  const rest = Math.min(trainingRows, (steps % stepsPerEpoch) * batch);
  return Math.floor(steps / stepsPerEpoch) * trainingRows + rest;
}

/** All of them at the same time. */
async function bare(processes: number): Promise<number> {
  const args = [String(batchSize / virtualShards), String(bareSeconds)];
  const children = Array.from({ length: processes }, () =>
    fork(fileURLToPath(new URL("scale/bare.ts", import.meta.url)), args, {
      execArgv: ["--disable-warning=ExperimentalWarning"],
    }),
  );
  await Promise.all(children.map(said));
  const answers = children.map(said);
  for (const child of children) child.send("go");
  const samples = (await Promise.all(answers)).map(Number).reduce((sum, each) => sum + each, 0);
  for (const child of children) child.disconnect();
  return samples;
}

async function said(child: ChildProcess): Promise<unknown> {
  const [message] = await once(child, "message");
  return message;
}

const medians = results.map(median);
const ratioOf = (place: number) => round((medians[place + 1] ?? 0) / (medians[place] ?? 1), 2);
const ratios = { machine: ratioOf(0), computeBound: ratioOf(2), quickstart: ratioOf(4) };
printReport({
  bench: "scale",
  header: ["samples/s", "median", "2 against 1", "of each round"],
  rows: contenders.map(({ name }, place) => [
    name,
    (medians[place] ?? 0).toFixed(0),
    place % 2 === 1 ? ratioOf(place - 1).toFixed(2) : "",
    (results[place] ?? []).map((samples) => samples.toFixed(0)).join(" "),
  ]),
  targets: [
    {
      what: `two workers against one, batches of ${batchSize}`,
      wanted: `>= ${target}`,
      found: ratios.computeBound.toFixed(2),
      met: ratios.computeBound >= target,
    },
  ],
  figures: {
    batchSize,
    ratios,
    samplesPerSecond: Object.fromEntries(
      contenders.map(({ name }, place) => [name, round(medians[place] ?? 0)] as const),
    ),
  },
});
