/** More load than can be served: refused at once, dropped when nobody waits for it any more. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CallOptions } from "@amaas/rpc";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type RegistryServer, startRegistryServer } from "../registry/registry-server.ts";
import { crowd } from "./crowd.ts";
import { type InferenceServer, startInferenceServer } from "./inference-server.ts";
import { slow } from "./models.ts";

let folder: string;
let registry: RegistryServer;
let inference: InferenceServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "amaas-load-"));
  registry = await startRegistryServer({ folder });
  await registry.publish("slow", slow());
  const env = { AMAAS_INFERENCE_QUEUE: "3", AMAAS_INFERENCE_QUEUE_MIB: "8" };
  inference = await startInferenceServer({ folder, registryAddress: registry.address, env });
  await inference.serves("slow", 1);
});

afterAll(async () => {
  await inference?.stop();
  await registry?.stop();
  await rm(folder, { recursive: true });
});

/** However busy the machine is; and what is over soon is looked for often. */
const patience = { timeout: 20_000, interval: 1 };

const bytes = new Uint8Array(4 * 300 * 512);

function ask(options?: CallOptions, id = "") {
  const x = { name: "x", datatype: "FP32", shape: [300n, 512n] };
  const request = { modelName: "slow", id, inputs: [x], rawInputContents: [bytes] };
  return inference.client.modelInfer(request, options);
}

/** One request runs and another waits behind it, each as long as ten others. */
async function busy(): Promise<Promise<unknown>[]> {
  const rows = 1000;
  const x = { name: "x", datatype: "FP32", shape: [BigInt(rows), 512n] };
  const rawInputContents = [new Uint8Array(4 * rows * 512)];
  const asked = [1, 2].map(() =>
    inference.client.modelInfer({ modelName: "slow", inputs: [x], rawInputContents }),
  );
  await vi.waitFor(async () => expect(await pending()).toBe(1), patience);
  return asked;
}

const runs = () => inference.metric("nv_inference_exec_count");
const pending = () => inference.metric("nv_inference_pending_request_count");

test("a full queue refuses at once with a time to come back, and serves the others", async () => {
  await ask();
  const before = await runs();
  const running = await busy();
  const outcomes = Array.from({ length: 8 }, () =>
    ask().then(
      () => "answered",
      (error: { code: string; retryAfterMs?: number }) => {
        expect(error.retryAfterMs).toBeGreaterThan(0);
        return error.code;
      },
    ),
  );
  expect(await Promise.race(outcomes)).toBe("resource-exhausted");
  const all = await Promise.all(outcomes);
  await Promise.all(running);
  expect(all.filter((outcome) => outcome === "answered")).toHaveLength(2);
  expect((await runs()) - before).toBe(4);
  expect(await inference.metric("nv_inference_request_failure")).toBe(6);
});

test("what waits is bounded by all that it holds, not by its tensors alone", async () => {
  const others = crowd(2, () => ask().then(() => true));
  await vi.waitFor(async () => expect(await pending()).toBe(1), patience);
  await expect(ask(undefined, "x".repeat(7 * 2 ** 20))).rejects.toMatchObject({
    code: "resource-exhausted",
    message: expect.stringContaining("bytes wait"),
  });
  await others.leave();
});

test("a caller who leaves is not computed for", async () => {
  const before = await runs();
  const others = crowd(3, () => ask().then(() => true));
  await vi.waitFor(async () => expect(await pending()).toBe(2), patience);
  const leaving = new AbortController();
  const waiting = ask({ signal: leaving.signal });
  await vi.waitFor(async () => expect(await pending()).toBe(3), patience);
  leaving.abort();
  await expect(waiting).rejects.toMatchObject({ code: "cancelled" });
  const answered = await others.leave();
  expect((await runs()) - before).toBe(answered);
  expect(await pending()).toBe(0);
});

test("a deadline that passes in the queue ends the wait, and the work is not done", async () => {
  const before = await runs();
  const running = [ask(), ask()];
  await vi.waitFor(async () => expect(await pending()).toBe(1), patience);
  const hurried = ask({ deadlineMs: 20 });
  await expect(hurried).rejects.toMatchObject({
    code: expect.stringMatching(/^(deadline-exceeded|resource-exhausted)$/),
  });
  await Promise.all(running);
  await ask();
  expect((await runs()) - before).toBe(3);
});

// A busy machine may hold up a process as long by chance; a run on the event loop would do so every time.
test("the event loop stays free while a model runs", { retry: 5 }, async () => {
  const asked = performance.now();
  const running = [ask(), ask()];
  let longest = 0;
  let last = asked;
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 5);
  await Promise.all(running);
  clearInterval(timer);
  // A run on the event loop would hold it up for half of the time.
  expect(longest).toBeLessThan((performance.now() - asked) / 3);
});
