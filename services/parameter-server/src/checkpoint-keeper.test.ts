import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type BlobStore, openBlobs } from "@amaas/blobs";
import { DomainError } from "@amaas/errors";
import { HostTask, Task } from "@amaas/proto/amaas/scheduler/v1/fleet";
import { nullTelemetry } from "@amaas/telemetry";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CheckpointKeeper } from "./checkpoint-keeper.ts";
import { createEvents } from "./events.ts";

let folder: string;
let blobs: BlobStore;
const told: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "amaas-keeper-"));
  blobs = openBlobs(pathToFileURL(folder).href);
  told.length = 0;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function openKeeper(store: BlobStore): CheckpointKeeper {
  const log = (_job: string, _severity: string, message: string) => void told.push(message);
  const from = HostTask.fromPartial({});
  const events = createEvents(nullTelemetry(), log).of(Task.fromPartial({}), from);
  return new CheckpointKeeper(store, events, () => undefined, from);
}

const stateOf = (step: number) => ({
  step,
  weights: Float32Array.of(step),
  slots: [],
  scalars: { step, powers: [] },
  squares: [],
});

test("all that is written between two reports is told in the second one", async () => {
  const keeper = openKeeper(blobs);
  for (let step = 1; step <= 20; step++) keeper.keep({ state: stateOf(step) }, step === 20);
  await expect.poll(() => keeper.kept().at(-1)?.step).toBe(20);
  expect(keeper.kept().map(({ step }) => step)).toEqual(
    Array.from({ length: 20 }, (_, i) => i + 1),
  );
  await keeper.close();
});

test("where writing is slower than training, every second one is kept, then every fourth", async () => {
  const gate = Promise.withResolvers<void>();
  const slow: BlobStore = Object.create(blobs, {
    put: { value: () => gate.promise.then(() => ({ digest: "sha256:0", size: 0 })) },
  });
  const keeper = openKeeper(slow);
  const kept: number[] = [];
  for (let due = 1; due <= 16; due++) {
    if (!keeper.wants(due)) continue;
    kept.push(due);
    keeper.keep({ state: stateOf(due) }, false);
  }
  // One is being written and one waits; each refusal doubles the stride.
  expect(kept).toEqual([1, 2]);
  gate.resolve();
  await expect.poll(() => keeper.kept().length).toBe(2);
  expect(keeper.wants(17)).toBe(false);
  expect(keeper.wants(32)).toBe(true);
  await keeper.close();
});

test("the last state is tried until it is written, and the problem told once", async () => {
  let failures = 2;
  const away: BlobStore = Object.create(blobs, {
    put: {
      value: async (bytes: Uint8Array) => {
        if (failures-- > 0) throw new DomainError("unavailable", "the disk is full");
        return blobs.put(bytes);
      },
    },
  });
  const keeper = openKeeper(away);
  keeper.keep({ state: stateOf(9) }, true);
  await expect.poll(() => keeper.kept().length, { timeout: 5_000 }).toBe(1);
  expect(told).toEqual(["checkpoint of step 9 failed: the disk is full"]);
  await keeper.close();
});
