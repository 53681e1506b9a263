/**
 * Losses and metrics that a job names, end to end, on a small table of real birds: what the training
 * told of the held-out rows is what the served model answers, whoever computed it.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Job, jobStateName } from "@amaas/client";
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

interface Change {
  readonly name: string;
  readonly file?: string;
  readonly task?: "classification" | "regression";
  readonly label?: string;
  readonly loss: object;
  readonly gate: object;
  readonly workers?: number;
  readonly evaluation?: object;
}

function documentOf({ name, task = "classification", label = "Species", ...change }: Change) {
  const { file = birds, loss, gate, workers = 2, evaluation = {} } = change;
  return {
    name,
    task,
    data: { format: "json", file, label, onBadRow: "skip" },
    split: { training: 0.6, validation: 0.2, test: 0.2 },
    architecture: { type: "mlp", hidden: [16] },
    training: { epochs: 20, batchSize: 16, loss, optimizer: { type: "adam", learningRate: 0.01 } },
    evaluation,
    resources: { workers, servers: 2 },
    gate,
  };
}

async function trained(change: Change): Promise<Job> {
  const { id } = await story.client.jobs.submit(documentOf(change));
  return (await story.follow(id)).job;
}

const balanced = {
  name: "species",
  loss: { type: "cross-entropy", classWeights: "balanced", labelSmoothing: 0.1 },
  evaluation: { topK: 2 },
  gate: { metric: "f1Macro", split: "test", min: 0.9 },
} satisfies Change;

test("species: class weights and label smoothing, gated on the macro F1 of the test split", {
  timeout,
}, async () => {
  const job = await trained(balanced);
  expect(jobStateName(job.state), job.reason).toBe("succeeded");
  expect(job.outcome).toMatchObject({ version: 1, alias: "champion" });
  expect(job.outcome?.gateVerdict).toMatch(/^test\/f1Macro 0\.\d+ >= 0\.9: champion moved/);
  await story.client.waitServed("species", 1);

  const { truth, answers } = await heldOut(job);
  const label = answers.label?.data ?? [];
  const classes = [...new Set(truth)].sort();
  const count = (actual: unknown, said: unknown) =>
    truth.filter((is, row) => is === actual && label[row] === said).length;
  const f1 = classes.map((one) => {
    const wrong = truth.filter((is, row) => (is === one) !== (label[row] === one)).length;
    return (2 * count(one, one)) / (2 * count(one, one) + wrong);
  });
  const told = evaluationOf(job, "test");
  expect(told.f1Macro).toBeCloseTo(f1.reduce((sum, one) => sum + one, 0) / classes.length, 12);
  classes.forEach((actual, row) => {
    classes.forEach((said, column) => {
      expect(told[`confusion/${row}/${column}`]).toBe(count(actual, said));
    });
  });
  const probabilities = answers.probabilities?.data ?? [];
  const logLosses = truth.map(
    (is, row) => -Math.log(Number(probabilities[row * classes.length + classes.indexOf(is)])),
  );
  const logLoss = logLosses.reduce((sum, one) => sum + one, 0) / truth.length;
  expect(told.logLoss).toBeCloseTo(logLoss, 5);
  // What training lowers has weights and smoothing in it.
  expect(Math.abs((told.loss ?? 0) - logLoss)).toBeGreaterThan(0.05);
});

test("the same bits for one worker as for two, weighted and smoothed", { timeout }, async () => {
  const [two, one] = [
    await story.run(documentOf({ ...balanced, name: "two" })),
    await story.run(documentOf({ ...balanced, name: "one", workers: 1 })),
  ];
  expect(one.bits.weightsSha256).toBe(two.bits.weightsSha256);
  expect(one.bits.lossesSha256).toBe(two.bits.lossesSha256);
  expect(one.bits.evaluations).toBe(two.bits.evaluations);
  const other = await story.run(
    documentOf({ ...balanced, name: "plain", loss: { type: "cross-entropy" } }),
  );
  expect(other.bits.weightsSha256).not.toBe(two.bits.weightsSha256);
});

test("the terminal shows the main metrics, JSON and the registered version all", {
  timeout,
}, async () => {
  const { id } = await trained({ ...balanced, name: "shown" });
  const shown = await amaas("job", id);
  expect(shown).toMatch(/SPLIT +STEP +ACCURACY +F1MACRO +LOSS\n/);
  expect(shown).not.toMatch(/confusion/i);
  expect(await amaas("model", "shown")).toMatch(
    /TEST\/ACCURACY +VALIDATION\/ACCURACY +TEST\/F1MACRO/,
  );
  const { evaluations } = JSON.parse(await amaas("job", id, "--output", "json")).progress;
  expect(Object.keys(evaluations[0].metrics).sort()).toEqual(["accuracy", "f1Macro", "loss"]);
  expect(evaluations.at(-1).metrics).toMatchObject({
    calibrationError: expect.any(Number),
    topKAccuracy: expect.any(Number),
    "confusion/0/0": expect.any(Number),
  });
  const { versions } = await story.client.models.get("shown");
  expect(versions[0]?.metrics).toMatchObject({
    "test/matthews": expect.any(Number),
    "test/confusion/2/2": expect.any(Number),
    "validation/brier": expect.any(Number),
  });
});

test("a sex is one of two, by one output and its sigmoid", { timeout }, async () => {
  const loss = { type: "sigmoid-cross-entropy" };
  const gate = { metric: "matthews", min: 0.6 };
  // One bird's is ".", which is a class like any other.
  const refused = await trained({ name: "sexes", label: "Sex", loss, gate });
  expect(jobStateName(refused.state)).toBe("failed");
  expect(refused.reason).toContain(
    'training.loss.type: found "sigmoid-cross-entropy" where there are 3 classes, wanted it with 2',
  );

  const file = join(story.directory, "sexed.json");
  const all: { Sex: string | null }[] = JSON.parse(await readFile(birds, "utf8"));
  await writeFile(file, JSON.stringify(all.filter(({ Sex }) => Sex !== ".")));
  const job = await trained({ name: "sexes", file, label: "Sex", loss, gate });
  expect(jobStateName(job.state), job.reason).toBe("succeeded");
  await story.client.waitServed("sexes", 1);
  const { truth, answers } = await heldOut(job, file);
  const right = truth.filter((is, row) => answers.label?.data[row] === is).length;
  expect(evaluationOf(job, "test").accuracy).toBe(right / truth.length);
  expect(answers.probabilities?.shape).toEqual([truth.length, 2]);
});

test("nine in ten penguins are lighter than told, by the quantile loss", { timeout }, async () => {
  const job = await trained({
    name: "heavy",
    task: "regression",
    label: "Body Mass (g)",
    loss: { type: "quantile", quantile: 0.9 },
    gate: { metric: "quantileLoss", max: 150 },
  });
  expect(jobStateName(job.state), job.reason).toBe("succeeded");
  expect(job.outcome?.gateVerdict).toMatch(/^validation\/quantileLoss \d+\.?\d* <= 150: champion/);
  await story.client.waitServed("heavy", 1);
  const { values, answers } = await heldOut(job);
  const told = values.map((_, row) => Number(answers.prediction?.data[row]));
  const errors = values.map((value, row) => value - (told[row] ?? 0));
  expect(errors.filter((error) => error < 0).length / errors.length).toBeGreaterThan(0.8);
  const pinball = errors.map((error) => Math.max(0.9 * error, -0.1 * error));
  expect(evaluationOf(job, "test").quantileLoss).toBeCloseTo(
    pinball.reduce((sum, one) => sum + one, 0) / errors.length,
    1,
  );
});

test("weights of a class that nobody has fail the job, by the field", { timeout }, async () => {
  const loss = { type: "focal", classWeights: { Adelie: 2, Emperor: 3 } };
  const job = await trained({ ...balanced, name: "emperors", loss });
  expect(jobStateName(job.state)).toBe("failed");
  expect(job.reason).toContain(
    "training.loss.classWeights.Emperor: names no class of the data, wanted one of Adelie, Chinstrap, Gentoo",
  );
});

/** What is known of the rows that the training has never seen, and what the served model says of them. */
async function heldOut(job: Job, file = birds) {
  const { data, task, split, name } = parseJobSpec(job.spec);
  const { rows, labels, tensors } = await readDataset(data, task, () => readFile(file));
  const { test: held } = splitRows({ rows, split, labels });
  const answers = await story.client.predict(name, tensors(held));
  const truth = Array.from(held, (row) =>
    labels.kind === "class" ? labels.classes[labels.values[row] ?? 0] : undefined,
  );
  const values = Array.from(held, (row) =>
    labels.kind === "none" ? 0 : Number(labels.values[row]),
  );
  return { truth, values, answers };
}

function evaluationOf(job: Job, split: string): Readonly<Record<string, number>> {
  const found = job.progress?.evaluations.findLast((evaluation) => evaluation.split === split);
  if (!found) throw new Error(`the job has no evaluation of the ${split} split`);
  return found.metrics;
}

/** What a command says on stdout. */
async function amaas(...args: readonly string[]): Promise<string> {
  const { scheduler, registry, inference } = story.suite.endpoints;
  const where = ["--scheduler", scheduler, "--registry", registry, "--inference", inference];
  const ran = await inProcess(story.directory, [...args, ...where]);
  expect(ran.code, ran.stderr).toBe(0);
  return ran.stdout;
}
