/**
 * The evaluation record, end to end, on a small table of real birds: what a version comes with so that
 * people trust it, or not, the same bytes whoever computed it.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type EvaluationRecord, type Job, jobStateName } from "@amaas/client";
import { readDataset, splitRows } from "@amaas/data";
import { examples } from "@amaas/examples";
import { parseJobSpec } from "@amaas/spec";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { inProcess } from "../suite/amaas.ts";
import { type Story, showLinesOnFailure, startStory } from "./story.ts";

const timeout = 120_000;
let story: Story;
let birds: string;

beforeAll(async () => {
  story = await startStory({ trainers: 2, servers: 2 });
  const [path = ""] = await examples.penguins.writeData(join(story.directory, "birds"));
  birds = path;
}, timeout);
beforeEach(() => showLinesOnFailure(story));
afterAll(() => story?.stop());

const species = {
  name: "species",
  task: "classification",
  data: { format: "json", label: "Species", onBadRow: "skip" },
  split: { training: 0.5, validation: 0.2, test: 0.3 },
  architecture: { type: "mlp", hidden: [16] },
  training: { epochs: 20, batchSize: 16, optimizer: { type: "adam", learningRate: 0.01 } },
  evaluation: { slices: ["Island", { column: "Body Mass (g)", buckets: 3 }] },
  resources: { workers: 2, servers: 2 },
  gate: { metric: "rocAuc", split: "test", min: 0.9 },
};

async function trained(change: object): Promise<Job> {
  const document = { ...species, ...change };
  const data = { ...document.data, file: birds };
  const { id } = await story.client.jobs.submit({ ...document, data });
  return (await story.follow(id)).job;
}

async function recordOf(name: string): Promise<EvaluationRecord> {
  const record = await story.client.models.evaluation(name, 1);
  if (!record) throw new Error(`${name} has no evaluation record`);
  return record;
}

const splitOf = ({ splits }: EvaluationRecord, split: string) =>
  splits.find((one) => one.split === split)!;

test("species: areas for the gate, intervals, slices, baselines, a verdict", {
  timeout,
}, async () => {
  const job = await trained({});
  expect(jobStateName(job.state), job.reason).toBe("succeeded");
  expect(job.outcome?.gateVerdict).toMatch(/^test\/rocAuc (0\.\d+|1) >= 0\.9: champion moved/);
  const record = await recordOf("species");
  const [held, validation] = [splitOf(record, "test"), splitOf(record, "validation")];
  const told = job.progress?.evaluations.findLast(({ split }) => split === "test")?.metrics ?? {};
  for (const metric of ["accuracy", "f1Macro", "matthews", "loss", "brier"])
    expect(held.metrics[metric]?.value, metric).toBeCloseTo(told[metric]!, 5);
  for (const { value, low, high } of Object.values(held.metrics)) {
    expect(low).toBeLessThanOrEqual(value + 0.05);
    expect(high).toBeGreaterThanOrEqual(value - 0.05);
  }

  const version = await story.client.models.version("species", 1);
  expect(version.metrics["test/rocAuc"]).toBe(held.metrics.rocAuc?.value);
  expect(version.metrics["validation/prAuc"]).toBe(validation.metrics.prAuc?.value);
  const accuracy = version.intervals.filter(({ metric }) => metric === "accuracy");
  expect(accuracy.map(({ split, slice }) => `${split} ${slice}`.trim()).slice(0, 2)).toEqual([
    "validation",
    "test",
  ]);
  expect(accuracy).toContainEqual({
    metric: "accuracy",
    split: "test",
    slice: "",
    ...held.metrics.accuracy,
  });

  const { islands, masses } = await heldOut(job);
  const slice = (column: string) =>
    Object.fromEntries(
      record.slices.filter((one) => one.column === column).map((one) => [one.value, one.rows]),
    );
  expect(slice("Island")).toEqual(countsOf(islands));
  const sizes = Object.values(slice("Body Mass (g)"));
  expect(sizes.reduce((sum, rows) => sum + rows, 0)).toBe(masses.length);
  expect(Object.keys(slice("Body Mass (g)"))[0]).toMatch(/^below \d+$/);
  for (const { rows, small, metrics } of record.slices) {
    expect(small).toBe(rows < 20);
    expect(metrics.accuracy?.low === undefined).toBe(small);
  }

  const [majority, linear] = record.baselines;
  expect(record.baselines.map(({ name }) => name)).toEqual(["most frequent class", "linear model"]);
  expect(majority?.metrics.accuracy).toBeCloseTo(0.44, 1);
  expect(linear?.metrics.accuracy).toBeGreaterThan(0.95);
  expect(majority?.gains.accuracy?.low).toBeGreaterThan(0.3);
  expect(majority?.gains.logLoss?.value).toBeCloseTo(
    majority!.metrics.logLoss! - held.metrics.logLoss!.value,
    12,
  );
  expect(record.verdict.map(({ rule }) => rule)).toContain("baseline");
});

test("the terminal shows a version's record, and a job's", { timeout }, async () => {
  const { id } = await trained({ name: "shown" });
  await trained({ name: "shown", evaluation: { baseline: false } });
  for (const args of [
    ["model", "shown", "--version", "1"],
    ["job", id],
  ]) {
    const shown = await amaas(...args);
    expect(shown).toMatch(
      /TEST \(\d+ ROWS\) +VALUE +95 % INTERVAL +MOST FREQUENT CLASS +LINEAR MODEL\n/,
    );
    expect(shown).toMatch(/\nrocAuc +\S+ +\S+ to \S+/);
    expect(shown).toMatch(/\nIsland Biscoe +\d+ +/);
    expect(shown).toMatch(/\n[✓!·] It /);
    expect(shown).not.toContain("\u001b");
    const { evaluation } = JSON.parse(await amaas(...args, "--output", "json"));
    expect(evaluation).toEqual(await recordOf("shown"));
  }
  const newest = JSON.parse(await amaas("model", "shown", "--output", "json"));
  expect(newest).toMatchObject({ version: { version: 2 }, evaluation: { baselines: [] } });
});

test("the same record for one worker as for two", { timeout }, async () => {
  for (const [name, workers] of [
    ["one", 1],
    ["two", 2],
  ] as const) {
    const job = await trained({ name, resources: { workers, servers: workers } });
    expect(jobStateName(job.state), job.reason).toBe("succeeded");
  }
  const [one, two] = await Promise.all(
    ["one", "two"].map((name) => story.client.models.version(name, 1)),
  );
  expect(one?.evaluation).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(one?.evaluation).toBe(two?.evaluation);
  expect(one?.intervals).toEqual(two?.intervals);
});

test("numbers: against the median, which no constant is better than, and a line", {
  timeout,
}, async () => {
  const job = await trained({
    name: "masses",
    task: "regression",
    data: { format: "json", label: "Body Mass (g)", onBadRow: "skip" },
    training: { ...species.training, loss: { type: "mae" } },
    evaluation: {},
    gate: { metric: "mae", split: "test", max: 1_000 },
  });
  expect(jobStateName(job.state), job.reason).toBe("succeeded");
  const { judge, baselines, slices } = await recordOf("masses");
  expect(judge).toBe("mae");
  expect(slices).toEqual([]);
  expect(baselines.map(({ name }) => name)).toEqual([
    "median of the labels",
    "mean of the labels",
    "linear model",
  ]);
  const [median, mean, linear] = baselines.map(({ metrics }) => metrics);
  const constant = (metrics: typeof median) => Math.abs(metrics?.r2 ?? Number.NaN);
  expect(constant(mean)).toBeLessThan(0.2);
  expect(median?.mae).toBeLessThan(1.1 * mean!.mae!);
  expect(linear?.mae).toBeLessThan(0.6 * median!.mae!);
});

test("a column that the model does not see, and one without a baseline", { timeout }, async () => {
  const failed = await trained({ name: "none", evaluation: { slices: ["Isle"] } });
  expect(failed.reason).toContain(
    'evaluation.slices[0]: names "Isle", wanted a column that the model sees: Island',
  );
  const job = await trained({ name: "bare", evaluation: { baseline: false } });
  expect(jobStateName(job.state), job.reason).toBe("succeeded");
  expect((await recordOf("bare")).baselines).toEqual([]);
});

/** What is known of the birds that the training has never seen. */
async function heldOut(job: Job) {
  const { data, task, split } = parseJobSpec(job.spec);
  const { rows, labels, tensors } = await readDataset(data, task, () => readFile(birds));
  const { test: held } = splitRows({ rows, split, labels });
  const columns = tensors(held);
  const column = (name: string) => Array.from<unknown>(columns[name]?.data ?? []);
  return { islands: column("Island").map(String), masses: column("Body Mass (g)") };
}

/** What a command says on stdout. */
async function amaas(...args: readonly string[]): Promise<string> {
  const { scheduler, registry, inference } = story.suite.endpoints;
  const where = ["--scheduler", scheduler, "--registry", registry, "--inference", inference];
  const ran = await inProcess(story.directory, [...args, ...where]);
  expect(ran.code, ran.stderr).toBe(0);
  return ran.stdout;
}

function countsOf(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
