/**
 * Samples per second of whole training loops (data, step, exchange, optimizer): a job through real trainer and
 * parameter-server processes against PyTorch eager with a DataLoader, and two workers against its
 * DistributedDataParallel over gloo with two processes; the same model, batch and data, one thread each. Every
 * round runs all of them; the ratios are medians of the rounds' own.
 *
 * Needs a Python that has PyTorch (`pip install torch numpy`); `--python PATH` says which, if it is not `python3`.
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createClient, type Job } from "@amaas/client";
import { encodeNpy } from "@amaas/data";
import { startSuite } from "@amaas/suite";
import { jobRate } from "./job-rate.ts";
import { benchOptions } from "./options.ts";
import { printReport, type Target, tell } from "./report.ts";
import { median, round } from "./statistics.ts";
import { type BenchedModel, models } from "./train/models.ts";

const options = benchOptions({
  models: { default: Object.keys(models).join(","), what: "some of them" },
  rounds: { default: "3", what: "of which medians are taken" },
  seconds: { default: "10", what: "for each contender of a round" },
  python: { default: "python3", what: "one that has PyTorch" },
});
const seconds = Number(options.seconds);
const { python } = options;
const run = promisify(execFile);
const loop = join(import.meta.dirname, "train", "loop.py");
const twoWorkersTarget = 1.8;
const dataTarget = 0.05;

/** Of one contender in one round. */
interface Pace {
  readonly samplesPerSecond: number;
  /** Of the step's time. */
  readonly dataShare: number;
}

/** In the order of their turns. */
const contenders = ["one", "torch", "two", "ddp"] as const;
type Contender = (typeof contenders)[number];
type Round = { readonly [C in Contender]: Pace };

interface Measured {
  readonly model: string;
  readonly target: number;
  readonly rounds: readonly Round[];
}

function dataShareOf({ progress }: Job): number {
  const { data = Number.NaN, ...rest } = progress?.stepTime ?? {};
  const all = Object.values(rest).reduce((sum, part) => sum + part, data);
  return data / all;
}

async function ours(name: string, model: BenchedModel, home: string, workers: number) {
  const { batch, virtualShards, job } = model;
  const document = {
    ...job,
    name: `bench-${name}`,
    // A split has to have rows; those that are not trained on cost an evaluation each epoch.
    split: { training: 0.98, validation: 0.01, test: 0.01 },
    training: {
      epochs: 100_000,
      batchSize: batch,
      virtualShards,
      checkpointEverySteps: 1_000,
      optimizer: { type: "adam", learningRate: 0.0001 },
    },
    resources: { workers, servers: workers },
  };
  const at = { directory: join(home, name), seconds };
  const watched = await jobRate(client, document, at);
  const dataShare = dataShareOf(watched.job);
  return { samplesPerSecond: watched.stepsPerSecond * batch, dataShare };
}

async function theirs(name: string, model: BenchedModel, home: string, processes: number) {
  // A processor's number of threads must not depend on who asks.
  const env = { ...process.env, OMP_NUM_THREADS: "1", MKL_NUM_THREADS: "1" };
  const args = [name, join(home, name), model.batch, seconds, processes].map(String);
  const { stdout } = await run(python, [loop, ...args], { env });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Pace;
}

async function measure(name: string, model: BenchedModel, home: string): Promise<Measured> {
  await mkdir(join(home, name));
  for (const [file, array] of Object.entries(model.files(model.rows)))
    await writeFile(join(home, name, file), encodeNpy(array));
  const turns: { readonly [C in Contender]: () => Promise<Pace> } = {
    one: () => ours(name, model, home, 1),
    torch: () => theirs(name, model, home, 1),
    two: () => ours(name, model, home, 2),
    ddp: () => theirs(name, model, home, 2),
  };
  const rounds: Round[] = [];
  for (let at = 1; at <= Number(options.rounds); at++) {
    const paces: Partial<Record<Contender, Pace>> = {};
    for (const contender of contenders) {
      const pace = await turns[contender]();
      paces[contender] = pace;
      const rate = pace.samplesPerSecond.toFixed(0);
      tell(`${name}, round ${at} of ${options.rounds}: ${contender}, ${rate} samples/s`);
    }
    rounds.push(paces as Round);
  }
  return { model: name, target: model.target, rounds };
}

/** What is wanted and not there is said in a line. */
function stop(message: string): never {
  tell(message);
  process.exit(1);
}

const chosen = options.models.split(",").map((name) => {
  const model = models[name];
  if (!model) stop(`there is no model "${name}"; there are ${Object.keys(models).join(", ")}`);
  return [name, model] as const;
});
const torch = await run(python, ["-c", "import numpy, torch; print(torch.__version__)"])
  .then(({ stdout }) => stdout.trim())
  .catch(() =>
    stop(`${python} has no PyTorch: pip install torch numpy, and say which has by --python PATH`),
  );
tell(`PyTorch ${torch}`);
const home = await mkdtemp(join(tmpdir(), "amaas-bench-train-"));
const suite = await startSuite({
  directory: join(home, "suite"),
  trainers: 2,
  servers: 2,
  ports: "free",
  env: { AMAAS_TRAINER_THREADS: "1" },
});
const client = createClient(suite.endpoints);
const measured: Measured[] = [];
try {
  await suite.ready();
  for (const [name, model] of chosen) measured.push(await measure(name, model, home));
} finally {
  client.close();
  await suite.stop();
  await rm(home, { recursive: true, force: true });
}

const middle = (of: Measured, what: (round: Round) => number) => median(of.rounds.map(what));
const rate = (contender: Contender) => (one: Round) => one[contender].samplesPerSecond;
/** Our time against theirs. */
const against = (mine: Contender, other: Contender) => (one: Round) =>
  one[other].samplesPerSecond / one[mine].samplesPerSecond;
const gained = (one: Round) => one.two.samplesPerSecond / one.one.samplesPerSecond;
const dataShare = (one: Round) => Math.max(one.one.dataShare, one.two.dataShare);

function verdicts(of: Measured): Target[] {
  const single = middle(of, against("one", "torch"));
  const pair = middle(of, against("two", "ddp"));
  const two = middle(of, gained);
  const data = middle(of, dataShare);
  const atMost = (what: string, found: number, wanted: number, digits: number) => ({
    what: `${of.model}: ${what}`,
    wanted: `at most ${wanted}`,
    found: String(round(found, digits)),
    met: found <= wanted,
  });
  return [
    atMost("time of a sample against PyTorch's", single, of.target, 2),
    atMost("two workers against DDP of two processes", pair, of.target, 2),
    {
      what: `${of.model}: two workers against one`,
      wanted: `at least ${twoWorkersTarget}`,
      found: String(round(two, 2)),
      met: two >= twoWorkersTarget,
    },
    atMost("share of a step's time that data takes", data, dataTarget, 3),
  ];
}

printReport({
  bench: "train",
  header: [
    ...["samples/s", "1 worker", "PyTorch", "time ratio", "2 workers", "DDP, 2", "time ratio"],
    ...["2 against 1", "DDP's", "data, %", "DataLoader's"],
  ],
  rows: measured.map((of) => [
    of.model,
    middle(of, rate("one")).toFixed(0),
    middle(of, rate("torch")).toFixed(0),
    middle(of, against("one", "torch")).toFixed(2),
    middle(of, rate("two")).toFixed(0),
    middle(of, rate("ddp")).toFixed(0),
    middle(of, against("two", "ddp")).toFixed(2),
    middle(of, gained).toFixed(2),
    middle(of, (one) => one.ddp.samplesPerSecond / one.torch.samplesPerSecond).toFixed(2),
    (100 * middle(of, dataShare)).toFixed(1),
    (100 * middle(of, (one) => one.torch.dataShare)).toFixed(1),
  ]),
  targets: measured.flatMap(verdicts),
  figures: { torch, seconds, models: measured },
});
