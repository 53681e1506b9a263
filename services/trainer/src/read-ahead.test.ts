/** Rows in memory and rows in a file are the same rows, read ahead or not. */
import { readlinkSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { openBlobs } from "@amaas/blobs";
import { startThread } from "@amaas/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ReadAheadApi } from "./read-ahead.thread.ts";
import { makeSlots, ReadAhead } from "./read-ahead.ts";
import { openRows, type Samples } from "./row-reader.ts";
import { closeRows, loadRows, type Rows } from "./rows.ts";
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
  memory = await loadRows(split, blobs, 1200);
  file = await loadRows(split, blobs, 1199);
});
afterAll(async () => {
  closeRows(file);
  await rm(folder, { recursive: true });
});

const batch = (): Samples => ({
  features: new Float32Array(sampling.microBatch * width).fill(Number.NaN),
  labels: new Int32Array(sampling.microBatch).fill(-1),
});

test("what takes more memory than allowed is a file, its labels are not", () => {
  expect(memory.features).toBeInstanceOf(SharedArrayBuffer);
  expect(file.features).toBeTypeOf("number");
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
    const rows = Array.from({ length: sampling.microBatch }, (_, place) => samples[place]);
    const wanted = rows.flatMap((row) =>
      [0, 1, 2].map((at) => (row === undefined ? 0 : row * width + at)),
    );
    for (const { features, labels } of [fromMemory, fromFile]) {
      expect([...features]).toEqual(wanted);
      expect([...new Float32Array(labels.buffer)]).toEqual(rows.map((row) => row ?? 0));
    }
  }
});

test.each([1, 16, 17])("rows of %d numbers come as they are, side by side", (wide) => {
  const features = new SharedArrayBuffer(40 * wide * 4);
  new Float32Array(features).forEach((_, at, all) => {
    all[at] = at;
  });
  const reader = openRows({ count: 40, width: wide, features, labels: new SharedArrayBuffer(0) });
  const into = { features: new Float32Array(3 * wide).fill(7), labels: new Int32Array(3).fill(7) };
  reader.read(Uint32Array.of(39, 4), into);
  const row = (first: number) => Array.from({ length: wide }, (_, at) => first * wide + at);
  expect([...into.features]).toEqual([...row(39), ...row(4), ...row(0).fill(0)]);
  expect([...into.labels]).toEqual([0, 0, 0]);
});

// Linux alone says what a process has open.
test.runIf(process.platform === "linux")(
  "a file of rows has no name that could be left behind",
  () => {
    const target = readlinkSync(`/proc/self/fd/${file.features}`);
    expect(target).toMatch(/amaas-rows-.* \(deleted\)$/);
  },
);

describe("reading ahead", () => {
  test("has what was asked for once, and nothing else", () => {
    const slots = new ReadAhead(makeSlots(sampling, width, 1 << 20), sampling);
    const reader = openRows(file);
    slots.fill(reader, sampling, 5, 2);
    const [taken, wanted] = [batch(), batch()];
    expect(slots.take(5, 1, taken)).toBeUndefined();
    expect(slots.take(5, 2, taken)).toBe(7);
    reader.read(trainingLeaf(sampling, 5, 2), wanted);
    expect(taken).toEqual(wanted);
    expect(slots.take(5, 2, taken)).toBeUndefined();
  });

  test("leaves a step that has begun to those who compute it, and reads none twice", () => {
    const shared = makeSlots(sampling, width, 1 << 20);
    const slots = new ReadAhead(shared, sampling);
    const reader = openRows(memory);
    expect(slots.take(5, 0, batch())).toBeUndefined();
    slots.fill(reader, sampling, 5, 1);
    expect(slots.take(5, 1, batch())).toBeUndefined();
    slots.fill(reader, sampling, 6, 1);
    slots.fill(reader, sampling, 6, 1);
    expect(slots.take(6, 1, batch())).toBe(7);
    expect(slots.take(6, 1, batch())).toBeUndefined();
  });

  test("the last step of an epoch has as many samples as are left", () => {
    const slots = new ReadAhead(makeSlots(sampling, width, 1 << 20), sampling);
    slots.fill(openRows(file), sampling, 3, 2);
    expect(slots.take(3, 2, batch())).toBe(2);
  });

  test("keeps to its memory: a slot is given away once its step is over", () => {
    const shared = makeSlots(sampling, width, sampling.microBatch * (width + 1) * 4 * 2);
    expect(shared.count).toBe(2);
    const slots = new ReadAhead(shared, sampling);
    const reader = openRows(memory);
    for (const leaf of [0, 1, 2]) slots.fill(reader, sampling, 1, leaf);
    expect(slots.take(1, 2, batch())).toBeUndefined();
    slots.fill(reader, sampling, 2, 0);
    expect(slots.take(2, 0, batch())).toBeUndefined();
    slots.fill(reader, sampling, 3, 0);
    expect(slots.take(3, 0, batch())).toBe(7);
    // Back to an older checkpoint: what was read for steps far ahead gives way.
    slots.fill(reader, sampling, 5, 0);
    slots.fill(reader, sampling, 5, 1);
    expect(slots.take(1, 3, batch())).toBeUndefined();
    slots.fill(reader, sampling, 2, 0);
    expect(slots.take(2, 0, batch())).toBe(7);
  });

  test("a thread fills what another takes, in any order and at any time", async () => {
    const shared = makeSlots(sampling, width, 1 << 20);
    const url = new URL("./read-ahead.thread.ts", import.meta.url);
    const thread = startThread<ReadAheadApi>(url, { name: "read-ahead" });
    await thread.call("open", { rows: file, sampling, slots: shared });
    const slots = new ReadAhead(shared, sampling);
    const reader = openRows(memory);
    let ahead = 0;
    for (let step = 0; step < 50; step++) {
      const filled = thread.call("fill", step, [0, 1, 2, 3]);
      if (step % 2 === 0) await filled;
      for (const leaf of [3, 0, 2, 1]) {
        const [taken, wanted] = [batch(), batch()];
        reader.read(trainingLeaf(sampling, step, leaf), wanted);
        if (slots.take(step, leaf, taken) === undefined) continue;
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
