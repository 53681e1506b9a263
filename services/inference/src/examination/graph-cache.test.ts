import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sumOf } from "../background/file-sum.ts";
import type { Verdict } from "./examiner.ts";
import { GraphCache } from "./graph-cache.ts";

let folder: string;
let troubles: unknown[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "amaas-graphs-"));
  troubles = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function open(mostBytes = 1e9, at = folder): GraphCache {
  return new GraphCache({ folder: at, mostBytes, onTrouble: (error) => troubles.push(error) });
}

const verdict: Verdict = {
  inputs: [{ name: "x", type: "FP32", shape: ["rows", 4] }],
  outputs: [{ name: "y", type: "FP32", shape: ["rows", 4] }],
  optimization: "all",
  hazards: [],
  runMs: 1,
  memoryBytes: 100,
};

/** An entry with a graph of `size` bytes. */
async function put(cache: GraphCache, digest: string, size = 1000): Promise<string> {
  const made = (await cache.scratch())!;
  mkdirSync(made);
  writeFileSync(join(made, "graph.onnx"), new Uint8Array(size).fill(size));
  const key = cache.key(digest);
  const graph = { "graph.onnx": sumOf(join(made, "graph.onnx")) };
  await cache.put(key, { ...verdict, graph }, made);
  return key;
}

test("what was put is there for the next process, under its digest alone", async () => {
  const key = await put(open(), "sha256:1");
  const entry = await open().get(key);
  expect(entry?.verdict).toMatchObject(verdict);
  expect(entry?.graph).toEqual({ folder: join(folder, key) });
  expect(await open().get(open().key("sha256:2"))).toBeUndefined();
  const plain = open().key("sha256:3");
  await open().put(plain, verdict);
  expect(await open().get(plain)).toEqual({ verdict, graph: undefined });
  expect(readdirSync(folder).sort()).toEqual([key, plain].sort());
  expect(troubles).toEqual([]);
});

test("what is damaged, cut off or half written is no entry, and the next one takes its place", async () => {
  const cache = open();
  const key = await put(cache, "sha256:1");
  truncateSync(join(folder, key, "graph.onnx"), 999);
  expect(await cache.get(key)).toBeUndefined();
  await put(cache, "sha256:1");
  expect(await cache.get(key)).toBeDefined();
  writeFileSync(join(folder, key, "verdict.json"), "12345\n{}");
  expect(await cache.get(key)).toBeUndefined();
  await put(cache, "sha256:1");
  rmSync(join(folder, key, "graph.onnx"));
  expect(await cache.get(key)).toBeUndefined();
  await put(cache, "sha256:1");
  await cache.drop(key);
  expect(readdirSync(folder)).toEqual([]);
  expect(troubles).toEqual([]);
});

test("two replicas that find the same have one entry, and no trouble", async () => {
  const caches = Array.from({ length: 8 }, () => open());
  const [key] = await Promise.all(caches.map((cache) => put(cache, "sha256:1")));
  expect(await open().get(key!)).toBeDefined();
  expect(readdirSync(folder)).toEqual([key]);
  expect(troubles).toEqual([]);
});

test("over the limit, what was used longest ago goes", async () => {
  const cache = open(4500);
  const old = await put(cache, "sha256:1");
  const used = await put(cache, "sha256:2");
  const past = new Date(Date.now() - 60_000);
  for (const name of readdirSync(folder)) utimesSync(join(folder, name), past, past);
  expect(await cache.get(used)).toBeDefined();
  const last = await put(cache, "sha256:3", 1800);
  expect(await cache.get(old)).toBeUndefined();
  expect(await cache.get(used)).toBeDefined();
  expect(await cache.get(last)).toBeDefined();
});

test("files that a process left in the making go after an hour", async () => {
  const left = join(folder, "left.tmp");
  const making = join(folder, "making.tmp");
  for (const path of [left, making]) writeFileSync(path, "graph");
  const hours = new Date(Date.now() - 2 * 3_600_000);
  utimesSync(left, hours, hours);
  await put(open(), "sha256:1");
  expect([left, making].map((path) => existsSync(path))).toEqual([false, true]);
});

test("a folder that cannot be used is told of and costs nothing else", async () => {
  writeFileSync(join(folder, "taken"), "");
  const cache = open(1e9, join(folder, "taken", "in a file"));
  expect(await cache.scratch()).toBeUndefined();
  await cache.put(cache.key("sha256:1"), verdict, undefined);
  expect(await cache.get(cache.key("sha256:1"))).toBeUndefined();
  expect(troubles.length).toBeGreaterThanOrEqual(2);
});
