import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { examples } from "@amaas/examples";
import { fileRefs, parseJobSpec } from "@amaas/spec";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readSpecFile } from "./spec-file.ts";
import { writeExample } from "./write-example.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "amaas-example-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("an example is a folder of its own: a job, its data beside it, its schema for editors", async () => {
  const [job = "", ...data] = await writeExample(examples.penguins, folder);
  expect(job).toBe(join(folder, "job.yaml"));
  const refs = fileRefs(parseJobSpec(await readSpecFile(job)));
  expect(refs.map((ref) => resolve(folder, ref))).toEqual(data);
  const [, schema = ""] = /\$schema=(\S+)/.exec(await readFile(job, "utf8")) ?? [];
  expect(JSON.parse(await readFile(resolve(folder, schema), "utf8"))).toHaveProperty("properties");
});

test("written again it is the same, but an edited job is not overwritten", async () => {
  const files = await writeExample(examples.penguins, folder);
  expect(await writeExample(examples.penguins, folder)).toEqual(files);
  await writeFile(join(folder, "job.yaml"), "name: mine\n");
  await expect(writeExample(examples.penguins, folder)).rejects.toThrow("is there already");
  expect(await readFile(join(folder, "job.yaml"), "utf8")).toBe("name: mine\n");
});
