/** Rows in memory and rows in a file are the same rows, read ahead or not. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { openBlobs } from "@amaas/blobs";
import { startThread } from "@amaas/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ReadAheadApi } from "./read-ahead.thread.ts";
import { makeSlots, ReadAhead } from "./read-ahead.ts";
import { openRows } from "./row-reader.ts";
import { loadRows, type Rows } from "./rows.ts";
import { evaluationLeaf, trainingLeaf } from "./sampling.ts";

const width = 3;
const sampling = { rows: 100, microBatch: 7, leaves: 4, stepsPerEpoch: 4, seed: 5 };

let folder: string;
let memory: Rows;
let file: Rows;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rows-"));
  const blobs = openBlobs(pathToFileURL(folder).href);
  const put = async (values: Float32Array) =>
    (await blobs.put(new Uint8Array(values.buffer))).digest;
  const blocks = [];
  for (const [from, rows] of [
    [0, 64],
    [64, 36],
  ] as const)
    blocks.push({
      rows,
      features: await put(
        Float32Array.from({ length: rows * width }, (_, at) => from * width + at),
      ),
      labels: await put(Float32Array.from({ length: rows }, (_, at) => from + at)),
    });
  const split = { rows: 100, features: width, blocks };
  memory = await loadRows("memory", split, blobs, { most: 1200, folder });
  file = await loadRows("file", split, blobs, { most: 1199, folder });
});
afterAll(() => rm(folder, { recursive: true }));

const batch = () => new Float32Array(sampling.microBatch * width).fill(Number.NaN);

test("what takes more memory than allowed is a file, its labels are not", () => {
  expect(memory.features).toBeInstanceOf(SharedArrayBuffer);
  expect(file.features).toBe(join(folder, "file"));
  expect(new Float32Array(file.labels)).toEqual(new Float32Array(memory.labels));
});

test("every micro-batch of both is the same, padding included", () => {
  const [a, b] = [openRows(memory), openRows(file)];
  const leaves = [
    ...[0, 3, 4, 9].flatMap((step) =>
      [0, 1, 2, 3].map((leaf) => trainingLeaf(sampling, step, leaf)),
    ),
    ...[0, 1, 2, 3].flatMap((leaf) => [...evaluationLeaf(sampling, leaf)]),
  ];
  for (const samples of leaves) {
    const [fromMemory, fromFile] = [batch(), batch()];
    a.read(samples, fromMemory);
    b.read(samples, fromFile);
    const rows = Array.from({ length: sampling.microBatch }, (_, place) =>
      place < samples.samples ? samples.row(place) : undefined,
    );
    const wanted = rows.flatMap((row) =>
      [0, 1, 2].map((at) => (row === undefined ? 0 : row * width + at)),
    );
    expect([...fromMemory]).toEqual(wanted);
    expect([...fromFile]).toEqual(wanted);
  }
  b.close();
});

describe("reading ahead", () => {
  test("has what was asked for once, and nothing else", () => {
    const slots = new ReadAhead(makeSlots(sampling, width, 1 << 20));
    const reader = openRows(file);
    slots.fill(reader, sampling, 5, 2);
    const [taken, wanted] = [batch(), batch()];
    expect(slots.take(5, 1, taken)).toBe(false);
    expect(slots.take(5, 2, taken)).toBe(true);
    reader.read(trainingLeaf(sampling, 5, 2), wanted);
    expect(taken).toEqual(wanted);
    expect(slots.take(5, 2, taken)).toBe(false);
    reader.close();
  });

  test("keeps to its memory: a slot is given away once its step is over", () => {
    const shared = makeSlots(sampling, width, sampling.microBatch * width * 4 * 2);
    expect(shared.count).toBe(2);
    const slots = new ReadAhead(shared);
    const reader = openRows(memory);
    for (const leaf of [0, 1, 2]) slots.fill(reader, sampling, 1, leaf);
    expect(slots.take(1, 2, batch())).toBe(false);
    slots.fill(reader, sampling, 2, 0);
    expect(slots.take(2, 0, batch())).toBe(false);
    slots.fill(reader, sampling, 3, 0);
    expect(slots.take(3, 0, batch())).toBe(true);
  });

  test("a thread fills what another takes, in any order and at any time", async () => {
    const shared = makeSlots(sampling, width, 1 << 20);
    const url = new URL("./read-ahead.thread.ts", import.meta.url);
    const thread = startThread<ReadAheadApi>(url, { name: "read-ahead" });
    await thread.call("open", { rows: file, sampling, slots: shared });
    const slots = new ReadAhead(shared);
    const reader = openRows(memory);
    let ahead = 0;
    for (let step = 0; step < 50; step++) {
      const filled = thread.call("fill", step, [0, 1, 2, 3]);
      if (step % 2 === 0) await filled;
      for (const leaf of [3, 0, 2, 1]) {
        const [taken, wanted] = [batch(), batch()];
        reader.read(trainingLeaf(sampling, step, leaf), wanted);
        if (!slots.take(step, leaf, taken)) continue;
        ahead++;
        expect(taken, `step ${step}, leaf ${leaf}`).toEqual(wanted);
      }
      await filled;
    }
    // Every other step waited for all four.
    expect(ahead).toBeGreaterThanOrEqual(100);
    await thread.close();
  }, 60_000);
});
