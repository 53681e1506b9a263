/**
 * Jobs on tables, end to end: raw columns in, text and missing values too, answers out. What is
 * served answers the held-out rows exactly as the training said it would.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Job, jobStateName } from "@amaas/client";
import { type Dataset, defaultLimits, readDataset, splitDigest, splitRows } from "@amaas/data";
import { examples } from "@amaas/examples";
import { parseJobSpec } from "@amaas/spec";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { inProcess } from "../suite/amaas.ts";
import { type Story, showLinesOnFailure, startStory } from "./story.ts";

const timeout = 120_000;
let story: Story;

beforeAll(async () => {
  story = await startStory({ trainers: 1, servers: 1 });
}, timeout);
beforeEach(() => showLinesOnFailure(story));
afterAll(() => story?.stop());

test("penguins: text and missing values in, species out", { timeout }, async () => {
  await amaas("example", "penguins");
  const { id } = await amaas("train", "penguins/job.yaml", "--follow");
  const job = await story.client.jobs.get(id);
  const { outcome } = job;
  expect(outcome).toMatchObject({ model: "penguins", version: 1, alias: "champion" });
  await story.client.waitServed("penguins", 1);

  const { dataset, test: held } = await datasetOf(
    job,
    join(story.directory, "penguins/penguins.json"),
  );
  const answers = await story.client.predict("penguins", dataset.tensors(held));
  const { labels } = dataset;
  if (labels.kind !== "class") throw new Error("penguins have classes");
  const truth = Array.from(held, (row) => labels.classes[labels.values[row] ?? 0]);
  const right = truth.filter((species, row) => answers.label?.data[row] === species).length;
  const told = evaluationOf(job, "test");
  expect(right / held.length).toBe(told.accuracy);
  expect(told.accuracy).toBeGreaterThan(0.95);

  const gentoo = {
    Island: "Biscoe",
    "Beak Length (mm)": 47.6,
    "Beak Depth (mm)": 14.5,
    "Flipper Length (mm)": 215,
    "Body Mass (g)": 5400,
    Sex: "MALE",
  };
  const adelie = {
    Island: "Torgersen",
    "Beak Length (mm)": 38.6,
    "Beak Depth (mm)": 19.1,
    "Flipper Length (mm)": 188,
    "Body Mass (g)": 3700,
    Sex: "FEMALE",
  };
  const rows = [
    gentoo,
    { ...gentoo, Sex: null, "Beak Length (mm)": null },
    { ...gentoo, Island: "Atlantis", Sex: null },
    adelie,
    { ...adelie, Island: "" },
  ];
  await writeFile(join(story.directory, "rows.json"), JSON.stringify(rows));
  const { predictions } = await amaas("predict", "penguins", "--input", "rows.json");
  expect(predictions.map(({ label }: { label: string }) => label)).toEqual([
    "Gentoo",
    "Gentoo",
    "Gentoo",
    "Adelie",
    "Adelie",
  ]);
});

test("a number from a CSV: how much a penguin weighs", { timeout }, async () => {
  const path = join(story.directory, "penguins.csv");
  await writeFile(path, await penguinsAsCsv());
  const { id } = await story.client.jobs.submit({
    name: "penguin-mass",
    task: "regression",
    data: { format: "csv", file: path, label: "Body Mass (g)", onBadRow: "skip" },
    architecture: { type: "mlp", hidden: [16], activation: "tanh" },
    training: { epochs: 60, batchSize: 32, optimizer: { type: "adam", learningRate: 0.01 } },
    gate: { metric: "r2", min: 0.7 },
  });
  const { job } = await story.follow(id);
  expect(jobStateName(job.state), job.reason).toBe("succeeded");
  // The two birds that nobody weighed.
  expect(await story.log(id)).toContain("2 rows skipped");
  await story.client.waitServed("penguin-mass", 1);

  const { dataset, test: held } = await datasetOf(job, path);
  const { prediction } = await story.client.predict("penguin-mass", dataset.tensors(held));
  const { labels } = dataset;
  if (labels.kind !== "value" || prediction === undefined) throw new Error("masses are numbers");
  const masses = Array.from(held, (row) => labels.values[row] ?? Number.NaN);
  const errors = masses.map((mass, row) => mass - Number(prediction.data[row]));
  const mean = masses.reduce((sum, mass) => sum + mass, 0) / masses.length;
  const square = (values: readonly number[]) => values.reduce((sum, x) => sum + x * x, 0);
  const r2 = 1 - square(errors) / square(masses.map((mass) => mass - mean));
  const told = evaluationOf(job, "test");
  expect(r2).toBeCloseTo(told.r2 ?? Number.NaN, 4);
  expect(r2).toBeGreaterThan(0.75);
  expect(Math.sqrt(square(errors) / errors.length)).toBeCloseTo(told.rmse ?? Number.NaN, 1);
});

test("equal rows in two parts are told, dropped or kept together; the lineage says who went where", {
  timeout,
}, async () => {
  const birds = await penguins();
  const path = join(story.directory, "nests.json");
  // Five birds a nest, and the birds of eight nests once more.
  const rows = [...birds, ...birds.slice(0, 40)].map((bird: object, row: number) => ({
    ...bird,
    nest: `nest ${Math.floor((row % birds.length) / 5)}`,
    bird: row,
  }));
  await writeFile(path, JSON.stringify(rows));
  const jobOf = (split: object) => ({
    name: "nests",
    task: "classification",
    data: { format: "json", file: path, label: "Species", ignore: ["nest", "bird"] },
    split,
    architecture: { type: "linear" },
    training: { epochs: 2, batchSize: 32, optimizer: { type: "adam" } },
  });
  const train = async (split: object) => {
    const { id } = await story.client.jobs.submit(jobOf(split));
    const { job } = await story.follow(id);
    expect(jobStateName(job.state), job.reason).toBe("succeeded");
    const told = await said("model", "nests");
    return { log: await story.log(id), told };
  };

  const alone = await train({ seed: 1 });
  expect(alone.log).toMatch(/\d+ of \d+ test rows \(\d+\.\d %\) equal a row of an earlier part/);
  const dropped = await train({ seed: 1, onDuplicates: "drop" });
  expect(dropped.log).toContain("in every input: dropped");
  const together = await train({ seed: 1, group: "nest" });
  expect(together.log).not.toContain("equal a row of an earlier part");

  const dataset = await readDataset(
    parseJobSpec(jobOf({})).data,
    "classification",
    () => readFile(path),
    defaultLimits,
    { group: "nest" },
  );
  const shares = { training: 0.8, validation: 0.1, test: 0.1, stratify: true, seed: 1 };
  const split = splitRows({
    rows: dataset.rows,
    split: shares,
    labels: dataset.labels,
    ...dataset.keys,
  });
  expect(together.told).toContain(splitDigest(split));
});

test("encodings that a spec names: fitted in training, part of what is served", {
  timeout,
}, async () => {
  const birds = await penguins();
  const path = join(story.directory, "encoded.json");
  const remark = ({ Island, Sex }: Record<string, string>, row: number) =>
    `Seen on ${Island}, ${row % 3 === 0 ? "by two people" : "alone"}; ${Sex ?? "hard to tell"}.`;
  const rows = birds.map((bird: Record<string, string>, row: number) => ({
    ...bird,
    remark: remark(bird, row),
    answer: `bird of ${bird.Species?.toLowerCase()}`,
    seen:
      row % 9 === 0 ? null : `2008-${String((row % 12) + 1).padStart(2, "0")}-11T0${row % 10}:30`,
  }));
  await writeFile(path, JSON.stringify(rows));
  const { id } = await story.client.jobs.submit({
    name: "encoded",
    task: "classification",
    data: {
      format: "json",
      file: path,
      label: "Species",
      columns: {
        Island: { type: "text", encode: { type: "target" } },
        Sex: { type: "text", encode: { type: "hash", buckets: 8 } },
        remark: { type: "text", encode: { type: "tf-idf", terms: 40 } },
        seen: { type: "text", encode: { type: "cycles" } },
        "Body Mass (g)": { type: "number", encode: { type: "scale", log: true, by: "robust" } },
        "Beak Length (mm)": { type: "number", encode: { type: "buckets", count: 6 } },
      },
    },
    features: {
      crosses: [{ columns: ["Island", "Sex"] }],
      select: { by: "mutual-information", keep: 30 },
    },
    architecture: { type: "mlp", hidden: [16] },
    training: { epochs: 40, batchSize: 32, optimizer: { type: "adam", learningRate: 0.01 } },
    gate: { metric: "accuracy", min: 0.9 },
  });
  const { job } = await story.follow(id);
  expect(jobStateName(job.state), job.reason).toBe("succeeded");
  expect(await story.log(id)).toMatch(/30 of \d+ features kept by mutual-information; dropped: /);
  expect(await story.log(id)).toContain(
    'column "answer" alone predicts the label almost perfectly',
  );
  expect(job.outcome?.alias).toBe("champion");
  await story.client.waitServed("encoded", 1);
  const { dataset, test: held } = await datasetOf(job, path);
  const { label } = await story.client.predict("encoded", dataset.tensors(held));
  const { labels } = dataset;
  if (labels.kind !== "class") throw new Error("penguins have classes");
  const right = [...held].filter(
    (row, index) => label?.data[index] === labels.classes[labels.values[row] ?? 0],
  ).length;
  expect(right / held.length).toBe(evaluationOf(job, "test").accuracy);

  // What training has not seen, and nothing at all.
  const odd = { ...rows[0], Island: "Atlantis", Sex: "?", remark: "", seen: "soon" };
  const nothing = Object.fromEntries(Object.keys(rows[0] ?? {}).map((name) => [name, null]));
  await writeFile(join(story.directory, "odd.json"), JSON.stringify([odd, nothing]));
  const { predictions } = await amaas("predict", "encoded", "--input", "odd.json");
  expect(predictions).toHaveLength(2);
});

/** A command's JSON answer. */
async function amaas(...args: readonly string[]) {
  return JSON.parse(await said(...args, "--output", "json"));
}

async function said(...args: readonly string[]): Promise<string> {
  const { scheduler, registry, inference } = story.suite.endpoints;
  const where = ["--scheduler", scheduler, "--registry", registry, "--inference", inference];
  const ran = await inProcess(story.directory, [...args, ...where]);
  expect(ran.code, ran.stderr).toBe(0);
  return ran.stdout;
}

/** The job's data, and which rows of it the training has never seen. */
async function datasetOf(job: Job, path: string): Promise<{ dataset: Dataset; test: Uint32Array }> {
  const { data, task, split } = parseJobSpec(job.spec);
  const dataset = await readDataset(data, task, () => readFile(path));
  const { test: held } = splitRows({ rows: dataset.rows, split, labels: dataset.labels });
  return { dataset, test: held };
}

function evaluationOf(job: Job, split: string): Readonly<Record<string, number>> {
  const found = job.progress?.evaluations.findLast((evaluation) => evaluation.split === split);
  if (!found) throw new Error(`the job has no evaluation of the ${split} split`);
  return found.metrics;
}

async function penguins(): Promise<Record<string, string>[]> {
  const [path = ""] = await examples.penguins.writeData(join(story.directory, "source"));
  return JSON.parse(await readFile(path, "utf8"));
}

/** With a header, and an empty cell where a value is missing. */
async function penguinsAsCsv(): Promise<string> {
  const birds = await penguins();
  const columns = Object.keys(birds[0] ?? {});
  const lines = birds.map((bird) => columns.map((column) => bird[column] ?? "").join(","));
  return [columns.join(","), ...lines, ""].join("\n");
}
