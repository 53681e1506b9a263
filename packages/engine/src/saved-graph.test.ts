/** Graphs that onnxruntime has rewritten, opened again from disk. */
import { mkdtempSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Tensor, tensor } from "@amaas/tensor";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createEngine, type Engine, openSession, weightsFile } from "./index.ts";
import { weighted } from "./models.fixture.ts";

// Starting a thread takes its time on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

let folder: string;
let engine: Engine;
let answer: Tensor | undefined;
const feeds = { x: tensor("FP32", [1, 512], Float32Array.from({ length: 512 }, Math.sin)) };

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "amaas-saved-"));
  engine = createEngine({ sharedThreads: 1, runLimitMs: 60_000, processes: { heapMiB: 256 } });
  const session = await openSession(weighted(), { optimization: "all", savedTo: folder });
  answer = (await session.run(feeds)).y;
  await session.release();
});

afterEach(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

function open(isolation: "thread" | "process") {
  const model = async () => ({ folder });
  return engine.open({ name: "saved", model, isolation, instances: 2, sharedBytes: 7 });
}

test.each(["thread", "process"] as const)("in a %s it answers the same bits", async (isolation) => {
  expect(statSync(join(folder, weightsFile)).size).toBeGreaterThanOrEqual(2 ** 20);
  const session = await open(isolation);
  // Whoever has it open has it for good.
  rmSync(folder, { recursive: true });
  const answers = await Promise.all([session.run(feeds), session.run(feeds)]);
  for (const { y } of answers) expect(y).toEqual(answer);
});

test("instances take what they have together once", async () => {
  const session = await open("thread");
  expect(session.memoryBytes).toBe(7);
  await session.close();
  expect(session.memoryBytes).toBe(0);
});

test("one whose weights are cut off is refused, and so is one that is gone", async () => {
  truncateSync(join(folder, weightsFile), 1000);
  await expect(open("thread")).rejects.toMatchObject({ code: "invalid-argument" });
  rmSync(folder, { recursive: true });
  await expect(open("thread")).rejects.toMatchObject({ code: "data-loss" });
});
