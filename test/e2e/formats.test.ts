/**
 * Data sets as they come, end to end: other formats, folders, files that are damaged. The same cells make
 * the same weights, whatever they were written as.
 */
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, join } from "node:path";
import { jobStateName } from "@amaas/client";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { inProcess } from "../suite/amaas.ts";
import { type Story, showLinesOnFailure, startStory } from "./story.ts";

const timeout = 180_000;
const fixtures = join(import.meta.dirname, "../../packages/data/fixtures");
const birds = { format: "parquet", file: "birds", label: "y", ignore: ["tags"] };
const fitted = {
  architecture: { type: "linear" },
  training: { epochs: 3, batchSize: 8, optimizer: { type: "adam" } },
};
let story: Story;
let files: Server;
let origin: string;

beforeAll(async () => {
  files = createServer(async (request, response) => {
    response.end(await readFile(join(fixtures, basename(request.url ?? "").replace(/\?.*/, ""))));
  });
  await new Promise<void>((resolve) => files.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(files.address() as AddressInfo).port}`;
  const env = { AMAAS_DATA_URLS: `${origin}/open` };
  story = await startStory({ trainers: 1, servers: 1, env });
}, timeout);
beforeEach(() => showLinesOnFailure(story));
afterAll(async () => {
  await story?.stop();
  files?.closeAllConnections();
  files?.close();
});

test("a folder of Parquet files, lines of JSON, a CSV: the same weights", { timeout }, async () => {
  const folder = join(story.directory, "birds");
  await mkdir(folder);
  await copyFile(join(fixtures, "zstd.parquet"), join(folder, "part-1.parquet"));
  await copyFile(join(fixtures, "gzip.parquet"), join(folder, "part-2.parquet"));
  await writeFile(join(folder, "_SUCCESS"), "");
  const rows = await twice();
  await writeFile(
    join(story.directory, "birds.jsonl"),
    rows.map((row) => JSON.stringify(row)).join("\n"),
  );
  const names = Object.keys(rows[0] ?? {});
  const lines = rows.map((row) => names.map((name) => row[name] ?? "").join(","));
  await writeFile(join(story.directory, "birds.csv"), [names.join(","), ...lines].join("\n"));

  const ignore = ["tags"];
  const parquet = await train({ format: "parquet", file: "birds", ignore });
  expect(parquet.job.spec?.data.file).toMatch(/^files:sha256:[0-9a-f]{64}$/);
  const pattern = await train({ format: "parquet", file: "birds/part-*.parquet", ignore });
  const jsonl = await train({ format: "jsonl", file: "birds.jsonl" });
  const csv = await train({ format: "csv", file: "birds.csv" });
  const weights = parquet.job.outcome?.weightsSha256;
  expect(weights).toMatch(/^[0-9a-f]{64}$/);
  expect(pattern.job.outcome?.weightsSha256).toBe(weights);
  expect(jsonl.job.outcome?.weightsSha256).toBe(weights);
  expect(csv.job.outcome?.weightsSha256).toBe(weights);

  const narrow = await train({ format: "parquet", file: "birds", include: ["fresh"] });
  const { version = 0 } = narrow.job.outcome ?? {};
  const { inputs } = await story.client.models.version("birds", version);
  expect(inputs.map(({ name }) => name)).toEqual(["fresh"]);
});

test("amaas data shows a folder's columns and what to look into, without a service", async () => {
  const job = { name: "birds", task: "classification", data: birds, ...fitted };
  await writeFile(join(story.directory, "birds.yaml"), JSON.stringify(job));
  const shown = await inProcess(story.directory, ["data", "birds.yaml"]);
  expect(shown.code, shown.stderr).toBe(0);
  expect(shown.stdout).toMatch(/^rows +60$/m);
  expect(shown.stdout).toMatch(/^duplicates +30$/m);
  expect(shown.stdout).toMatch(/^classes +even 30 \(50.0 %\)/m);
  expect(shown.stdout).toMatch(/^count +number +8 +26 /m);
  expect(shown.stdout).toContain("50.0 % of the rows equal an earlier one in every input");
  const told = await inProcess(story.directory, ["data", "birds.yaml", "--output", "json"]);
  expect(JSON.parse(told.stdout).columns[0]).toMatchObject({
    name: "count",
    missing: 8,
    unique: 26,
  });
});

test("amaas data shows what a job's preparation has found; its version names it", {
  timeout,
}, async () => {
  await copyFile(join(fixtures, "zstd.parquet"), join(story.directory, "found.parquet"));
  const { job } = await train({ format: "parquet", file: "found.parquet", ignore: ["tags"] });
  const { scheduler, registry } = story.suite.endpoints;
  const command = ["data", job.id, "--scheduler", scheduler, "--registry", registry];
  const shown = await inProcess(story.directory, command);
  expect(shown.code, shown.stderr).toBe(0);
  expect(shown.stdout).toMatch(/^rows +30$/m);
  expect(shown.stdout).toMatch(/^classes +even 15 \(50.0 %\)/m);
  expect(shown.stdout).toMatch(/^count +number +4 +26 /m);
  const told = await inProcess(story.directory, [...command, "--output", "json"]);
  expect(JSON.parse(told.stdout)).toMatchObject({ rows: 30, described: 30 });
  const { lineage } = await story.client.models.version("birds", job.outcome?.version ?? 0);
  expect(lineage?.dataReport).toBe(job.dataReport);
  expect(lineage?.dataReport).toMatch(/^sha256:[0-9a-f]{64}$/);
});

test("a part that is cut off fails its job by name, and the next one runs", {
  timeout,
}, async () => {
  const folder = join(story.directory, "half");
  await mkdir(folder);
  const bytes = await readFile(join(fixtures, "zstd.parquet"));
  await writeFile(join(folder, "part-1.parquet"), bytes);
  await writeFile(join(folder, "part-2.parquet"), bytes.subarray(0, bytes.length / 2));
  const half = await run({ format: "parquet", file: "half", ignore: ["tags"] });
  expect(jobStateName(half.job.state)).toBe("failed");
  expect(half.job.reason).toContain(
    "data.file (part-2.parquet): the file is no Parquet file, or the end of one is missing",
  );
  await copyFile(join(fixtures, "file.arrow"), join(story.directory, "whole.arrow"));
  await train({ format: "arrow", file: "whole.arrow", ignore: ["tags"] });
});

test("data at an allowed URL is what an upload of it would be; elsewhere nothing is read", {
  timeout,
}, async () => {
  await copyFile(join(fixtures, "zstd.parquet"), join(story.directory, "alone.parquet"));
  const parquet = { format: "parquet", ignore: ["tags"] };
  const uploaded = await train({ ...parquet, file: "alone.parquet" });
  const read = await train({ ...parquet, file: `${origin}/open/zstd.parquet?token=secret` });
  expect(read.job.outcome?.weightsSha256).toBe(uploaded.job.outcome?.weightsSha256);
  const lineage = async (version = 0) =>
    (await story.client.models.version("birds", version)).lineage?.datasetDigest;
  const digest = await lineage(uploaded.job.outcome?.version);
  expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(await lineage(read.job.outcome?.version)).toBe(digest);
  const log = await story.log(read.job.id);
  expect(log).toContain(`data.file: ${origin}/open/zstd.parquet had `);
  expect(log).not.toContain("secret");

  const refused = await run({ ...parquet, file: `${origin}/closed/zstd.parquet` });
  expect(jobStateName(refused.job.state)).toBe("failed");
  expect(refused.job.reason).toContain(
    `data.file: ${origin}/closed/zstd.parquet is not among the URLs that trainers may read`,
  );
});

/** A job that ends well. */
async function train(data: object) {
  const done = await run(data);
  expect(jobStateName(done.job.state), done.job.reason).toBe("succeeded");
  return done;
}

async function run(data: object) {
  const spec = {
    name: "birds",
    task: "classification",
    data: { label: "y", ...data },
    ...fitted,
  };
  const { id } = await story.client.jobs.submit(spec, { baseDirectory: story.directory });
  return story.follow(id);
}

/** The rows of the fixtures, two times. */
async function twice(): Promise<Record<string, unknown>[]> {
  const text = await readFile(join(fixtures, "expected.json"), "utf8");
  const columns: Record<string, unknown[]> = JSON.parse(text);
  const rows = (columns.y ?? []).map((_, row) =>
    Object.fromEntries(Object.entries(columns).map(([name, cells]) => [name, cells[row]])),
  );
  return [...rows, ...rows];
}
