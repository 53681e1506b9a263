import { readdirSync } from "node:fs";
import { getPriority } from "node:os";
import { tensor } from "@amaas/tensor";
import { afterEach, expect, test, vi } from "vitest";
import { createEngine, type Engine } from "./index.ts";
import { weighted } from "./models.fixture.ts";
import { tryComingForward } from "./priority.ts";

// Starting a thread takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

let engine: Engine | undefined;
afterEach(() => engine?.close());

/** Of all threads of this process. */
function priorities(): Set<number> {
  if (process.platform !== "linux") return new Set([getPriority()]);
  return new Set(readdirSync("/proc/self/task").map((thread) => getPriority(Number(thread))));
}

test("a model's threads are behind others until it is promoted, where they may come forward, and all of them do", async () => {
  const before = getPriority();
  engine = createEngine({ sharedThreads: 1, runLimitMs: 60_000, processes: { heapMiB: 256 } });
  const model = async () => weighted();
  const session = await engine.open({
    name: "newcomer",
    model,
    isolation: "thread",
    instances: 2,
    session: { threads: 2 },
    behind: true,
  });
  const behind = tryComingForward() ? [Math.min(19, before + 10)] : [];
  expect(priorities()).toEqual(new Set([before, ...behind]));
  const x = tensor("FP32", [1, 512], new Float32Array(512));
  await session.run({ x });
  await session.promote();
  expect(priorities()).toEqual(new Set([before]));
  await session.run({ x });
});
