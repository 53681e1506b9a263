import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lockDirectory } from "./lock.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "amaas-lock-"));
});
afterEach(() => rm(directory, { recursive: true }));

test("a directory is locked once, and free again after the release", async () => {
  const lock = await lockDirectory(directory);
  await expect(lockDirectory(directory)).rejects.toThrow(
    `a suite already runs on ${directory} (process ${process.pid})`,
  );
  await lock.release();
  await (await lockDirectory(directory)).release();
  expect(await readdir(directory)).toEqual([]);
});

test.each([
  ["of a process that is gone", JSON.stringify({ pid: 2 ** 22 + 1 })],
  ["of an earlier process with our pid", JSON.stringify({ pid: process.pid, started: 1 })],
  ["that nobody can read", "{"],
])("a lock %s does not count", async (_, content) => {
  await writeFile(join(directory, "suite.lock"), content);
  const lock = await lockDirectory(directory);
  await expect(lockDirectory(directory)).rejects.toThrow("already runs");
  await lock.release();
});

test("of many at once, one gets it", async () => {
  await writeFile(join(directory, "suite.lock"), JSON.stringify({ pid: 2 ** 22 + 1 }));
  const claims = await Promise.allSettled(
    Array.from({ length: 8 }, () => lockDirectory(directory)),
  );
  expect(claims.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect(await readdir(directory)).toEqual(["suite.lock"]);
});
