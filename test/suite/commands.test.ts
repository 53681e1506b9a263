/** A user's day with the command: a suite, a job of their own on a table, its model, its answers. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { amaas, inProcess, type Running, startAmaas } from "./amaas.ts";

/** Two kinds that a line divides; some measurements are missing. */
function table(rows: number): string {
  const lines = Array.from({ length: rows }, (_, row) => {
    const kind = row % 2;
    const size = kind * 4 + ((row * 7) % 10) / 10;
    return `${row % 9 === 0 ? "" : size},${kind === 0 ? "red" : "blue"},${kind === 0 ? "ant" : "bee"}`;
  });
  return `size,colour,kind\n${lines.join("\n")}\n`;
}

const job = `
name: insects
task: classification
data: { format: csv, file: insects.csv, label: kind }
architecture: { type: linear }
training: { epochs: 8, batchSize: 16, optimizer: { type: adam, learningRate: 0.1 } }
gate: { metric: accuracy, min: 0.9 }
`;

let folder: string;
let suite: Running;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "amaas-test-"));
  await writeFile(join(folder, "insects.csv"), table(200));
  await writeFile(join(folder, "job.yaml"), job);
  suite = startAmaas(folder, ["up", "--free-ports", "--trainers", "1", "--servers", "1"]);
  await suite.says("Ctrl-C stops the suite.");
});

afterAll(async () => {
  suite.child.kill("SIGINT");
  const { code, stdout } = await suite.ended;
  expect(stdout).toContain("everything has stopped");
  expect(code).toBe(0);
  await rm(folder, { recursive: true, force: true });
});

const run = (...args: string[]) => amaas(folder, args);
const json = async (...args: string[]) => {
  const { code, stdout, stderr } = await run(...args, "--output", "json");
  expect(code, stderr).toBe(0);
  expect(stdout.trimEnd().split("\n")).toHaveLength(1);
  return JSON.parse(stdout);
};

test("a second suite on the same state is refused", async () => {
  const { code, stderr } = await run("up", "--free-ports");
  expect(stderr).toContain("a suite already runs on");
  expect(code).toBe(1);
});

/** Twenty commands, each a process of its own. */
test("from a table to answers, and back again", { timeout: 180_000 }, async () => {
  const trained = await run("train", "job.yaml", "--follow");
  expect(trained.stderr).toBe("");
  expect(trained.code).toBe(0);
  expect(trained.stdout).toContain("insects version 1 is champion: test accuracy");

  const [{ id, state, outcome, traceId }] = await json("jobs");
  expect({ state, version: outcome.version }).toEqual({ state: "succeeded", version: 1 });
  expect((await run("jobs")).stdout).toMatch(new RegExp(`${id} +insects +succeeded +100 %`));
  expect((await run("job", id)).stdout).toContain(outcome.weightsSha256);
  const whole = await json("job", id);
  expect(whole.outcome).toEqual(outcome);
  expect(whole.curves.loss).toHaveLength(whole.progress.totalSteps);
  expect(whole.curves.learningRate).toHaveLength(whole.progress.totalSteps);
  const large = await run("job", id, "--curve", "gradient-norm");
  expect(large.stdout).toMatch(/⠤⠤ gradient-norm {3}newest \d[\s\S]*step 1 +\d+\n$/);
  expect((await run("logs", id)).stdout).toContain("QUEUED");

  expect((await run("models")).stdout).toMatch(/insects +1 +champion → 1/);
  const model = await run("model", "insects");
  expect(model.stdout).toContain("size FP32[-1, 1], colour BYTES[-1, 1]");
  expect(model.stdout).toContain(traceId);

  await writeFile(join(folder, "rows.csv"), "colour,size\nred,0.4\nblue,NA\n");
  const asked = await json("predict", "insects", "--input", "rows.csv");
  expect(asked).toMatchObject({ model: "insects", version: "1" });
  expect(asked.predictions.map(({ label }: { label: string }) => label)).toEqual(["ant", "bee"]);
  const piped = await amaas(
    folder,
    ["predict", "insects", "--version", "1", "--input", "-"],
    '{"size": 4.5, "colour": null}',
  );
  expect(piped.stdout).toMatch(/1 +bee/);

  await run("train", "job.yaml", "--follow");
  expect((await run("rollback", "insects")).stdout).toBe(
    "champion of insects is version 1 again.\n",
  );
  expect((await run("promote", "insects", "2")).stdout).toBe("champion of insects is version 2.\n");

  expect((await run("download", "insects@champion")).stdout).toContain("insects version 2");
  expect((await json("download", "insects@1", "-o", "first.onnx")).version).toBe(1);
  const [first, second] = await Promise.all(
    ["first.onnx", "insects-2.onnx"].map((file) => readFile(join(folder, file))),
  );
  // The same spec on the same data makes the same bits.
  expect(first?.equals(second ?? Buffer.of())).toBe(true);
});

test("a job that is not to be registered tells its score and leaves no version", async () => {
  const models = await json("models");
  expect(models).toHaveLength(1);
  const trial = job.replace(/gate:.*/, "register: false");
  await writeFile(join(folder, "trial.yaml"), trial);
  const { code, stdout } = await run("train", "trial.yaml", "--follow");
  expect(code).toBe(0);
  expect(stdout).toContain("No version was kept: test accuracy");
  const [{ id }] = await json("jobs");
  expect((await run("job", id)).stdout).toMatch(/version +none kept/);
  expect(await json("models")).toEqual(models);
});

test("a job is scored on all of its data, and on ever more of it", {
  timeout: 180_000,
}, async () => {
  const models = await json("models");
  const { folds, metrics } = await json("cross-validate", "job.yaml", "--folds", "3");
  const scores = folds.map((fold: { metrics: { accuracy: number } }) => fold.metrics.accuracy);
  expect(scores).toHaveLength(3);
  const mean = scores.reduce((sum: number, score: number) => sum + score, 0) / 3;
  expect(metrics.accuracy.mean).toBeCloseTo(mean, 12);
  expect(mean).toBeGreaterThan(0.9);
  const told = await run("learning-curve", "job.yaml", "--shares", "1,0.2");
  expect(told.stderr).toBe("");
  expect(told.stdout).toMatch(/ROWS USED +TRAINING LOSS +ACCURACY/);
  expect(told.stdout).toMatch(/\n +20 % .*\n +100 % /);
  expect(await json("models")).toEqual(models);
});

test("a failed trial ends the others", async () => {
  await writeFile(join(folder, "odd.yaml"), job.replace("kind }", "size }"));
  const { code, stderr } = await run("cross-validate", "odd.yaml", "--folds", "2");
  expect(code).toBe(1);
  expect(stderr).toMatch(/job job_\w+ has failed: .*size/);
  const jobs = await json("jobs");
  expect(jobs.slice(0, 2).map(({ state }: { state: string }) => state)).not.toContain("queued");
});

test("Ctrl-C detaches from a job, which goes on and can be followed again", async () => {
  await writeFile(
    join(folder, "long.yaml"),
    job.replace("epochs: 8", "epochs: 3000, checkpointEverySteps: 5"),
  );
  const following = startAmaas(folder, ["train", "long.yaml", "--follow"]);
  await following.says("epoch 1");
  following.child.kill("SIGINT");
  const { code, stderr } = await following.ended;
  const [, id = ""] = /amaas job (job_\w+) --follow/.exec(stderr) ?? [];
  expect({ code, id }).toEqual({ code: 130, id: expect.stringMatching(/^job_/) });

  const again = startAmaas(folder, ["job", id, "--follow"]);
  await again.says("epoch");
  expect((await run("cancel", id)).stdout).toContain(`${id} is cancelled`);
  const ended = await again.ended;
  expect(ended.stderr).toContain(`job ${id} was cancelled`);
  expect(ended.code).toBe(1);

  expect((await run("resume", id)).stdout).toMatch(
    new RegExp(`^${id} goes on: resumed from step \\d+\\.$`, "m"),
  );
  expect((await run("cancel", id)).stdout).toContain(`${id} is cancelled`);
});

test("a job is followed to its end although the scheduler is killed meanwhile", async () => {
  await writeFile(join(folder, "middle.yaml"), job.replace("epochs: 8", "epochs: 500"));
  const following = startAmaas(folder, ["train", "middle.yaml", "--follow"]);
  await following.says("trains on");
  const { processes } = JSON.parse(await readFile(join(folder, ".amaas", "suite.json"), "utf8"));
  process.kill(processes.find(({ name }: { name: string }) => name === "scheduler").pid, "SIGKILL");
  const { code, stdout, stderr } = await following.ended;
  expect(code, stderr).toBe(0);
  expect(stdout).toContain("5,000 steps in 500 epochs");
  expect(suite.said.stdout).toContain("scheduler was killed by SIGKILL and comes back in 200 ms");
});

test("what is wrong is said, and changes nothing", async () => {
  await writeFile(
    join(folder, "bad.yaml"),
    job.replace("epochs: 8", "epochs: -8").replace("csv,", "cvs,"),
  );
  await writeFile(join(folder, "broken.yaml"), "name: [");
  await writeFile(join(folder, "rows.json"), '[{"size": "big", "colour": "red"}]');
  await writeFile(join(folder, "short.json"), '[{"size": 1}]');
  const before = await json("jobs");

  const bad = await run("train", "bad.yaml");
  expect(bad.stderr).toMatch(/^error: the job spec has \d+ faults\n {2}\S/);
  expect(bad.stderr).toContain("  training.epochs: found -8, wanted");
  expect(bad.code).toBe(1);

  const cases: [args: string[], says: string | RegExp, code: number][] = [
    [["train", "broken.yaml"], "is neither YAML nor JSON", 1],
    [["train", "nowhere.yaml"], "cannot read the job: there is no file", 1],
    [["predict", "insects", "-i", "rows.json"], 'row 1, size: found "big", wanted a number', 1],
    [["predict", "insects", "-i", "short.json"], "row 1 lacks the column colour", 1],
    [["predict", "nothing", "-i", "rows.json"], "nothing", 1],
    [["model", "nothing"], 'no model "nothing"', 1],
    [["job", "job_nope"], "job_nope", 1],
    [["job", before[0].id, "--curve", "beauty"], 'no curve "beauty", wanted one of loss', 1],
    [["download", "insects@99"], "no version 99", 1],
    [["download", "../insects"], "wanted NAME@ALIAS or NAME@VERSION", 2],
    [["promote", "insects", "first"], "Wanted a whole number", 2],
    [["predict", "insects"], "found neither --input nor --image", 2],
    [["jobs", "--scheduler", "127.0.0.1:1"], "nothing answers at 127.0.0.1:1", 1],
    [["frobnicate"], "unknown command 'frobnicate'", 2],
  ];
  for (const [args, says, code] of cases) {
    const ran = await inProcess(folder, args);
    expect.soft(ran.stderr, args.join(" ")).toMatch(says);
    expect.soft(ran.code, args.join(" ")).toBe(code);
    expect.soft(ran.stdout, args.join(" ")).toBe("");
  }
  const { stderr } = await run("train", "bad.yaml", "--output", "json");
  expect(JSON.parse(stderr).error).toMatchObject({ code: "invalid-argument" });
  expect(await json("jobs")).toEqual(before);
});
