import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { examples } from "@amaas/examples";
import { parseJobSpec } from "@amaas/spec";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readSpecFile } from "./spec-file.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "amaas-spec-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function read(text: string): Promise<unknown> {
  const path = join(folder, "job.yaml");
  await writeFile(path, text);
  return readSpecFile(path);
}

test("YAML and JSON are read alike", async () => {
  const yaml = await read("name: digits\ntraining: { epochs: 3 }\n");
  expect(await read(JSON.stringify(yaml))).toEqual({ name: "digits", training: { epochs: 3 } });
});

test.each(Object.entries(examples))("the job of the example %s is a job", async (name, { job }) => {
  expect(parseJobSpec(await readSpecFile(job)).name).toBe(name);
});

test("what cannot be read is told with its line", async () => {
  await expect(read("name: digits\n  task: [")).rejects.toThrow(
    /neither YAML nor JSON: .* at line 1, column 7/,
  );
});

test("a small file cannot become a huge document", async () => {
  const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"];
  for (let depth = 1; depth < 9; depth++)
    lines.push(`a${depth}: &a${depth} [${`*a${depth - 1},`.repeat(9)}]`);
  await expect(read(lines.join("\n"))).rejects.toThrow("cannot be read");
  await expect(read(`x: ${"y".repeat(2 ** 20)}`)).rejects.toThrow("too large for a job");
});

test("a file that is not there is named", async () => {
  await expect(readSpecFile(join(folder, "nope.yaml"))).rejects.toThrow(
    /there is no file .*nope.yaml/,
  );
});
