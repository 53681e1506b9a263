import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { DomainError } from "@amaas/errors";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Calculator } from "./calculator.fixture.ts";
import { giveAway, startThread, type Thread } from "./index.ts";

// Starting a thread or a process takes its time on a busy machine.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const url = new URL("./calculator.fixture.ts", import.meta.url);
let thread: Thread<Calculator>;

beforeEach(() => {
  thread = startThread<Calculator>(url, { name: "calculator", data: { text: "hello" } });
});
afterEach(() => thread.close());

test("calls are answered, and the thread has its data", async () => {
  expect(await thread.call("add", 2, 3)).toBe(5);
  expect(await thread.call("greeting")).toEqual({ text: "hello" });
  expect(thread.pending).toBe(0);
});

test("calls are handled one at a time, in order", async () => {
  const slow = thread.call("wait", 60, "first");
  const fast = thread.call("wait", 0, "second");
  expect(thread.pending).toBe(2);
  await Promise.all([slow, fast]);
  expect(await thread.call("notes")).toEqual(["first", "second"]);
});

test("shared memory is shared, other memory is copied, and given memory is moved", async () => {
  const counter = new Int32Array(new SharedArrayBuffer(4));
  await thread.call("increment", counter);
  expect(counter[0]).toBe(1);

  const copied = new Int32Array(1);
  await thread.call("increment", copied);
  expect(copied[0]).toBe(0);

  const moved = new Int32Array(1);
  await thread.call("increment", giveAway(moved, [moved.buffer]));
  expect(moved.byteLength).toBe(0);

  expect((await thread.call("floats", 3)).values).toEqual(Float32Array.of(1, 1, 1));
  expect((await thread.call("floats", 3)).left).toBe(0);
});

describe("errors", () => {
  test("of ours arrive whole", async () => {
    const error = await thread.call("refuse").catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DomainError);
    expect(error).toMatchObject({
      code: "not-found",
      message: "no such sum",
      violations: [{ field: "left", description: "is odd" }],
      retryAfterMs: 5,
      metadata: { revision: "3" },
    });
  });

  test("of others arrive with their message and their stack", async () => {
    const error = await thread.call("fail").catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ message: "broken sum" });
    expect(error).toHaveProperty("stack", expect.stringContaining("calculator.fixture.ts"));
    expect(await thread.call("add", 1, 1)).toBe(2);
  });

  test("arguments and results that cannot be sent", async () => {
    await expect(thread.call("add", (() => 1) as never, 1)).rejects.toThrow("could not be cloned");
    await expect(thread.call("answerWithFunction")).rejects.toThrow("could not be cloned");
    expect(thread.pending).toBe(0);
    expect(await thread.call("add", 1, 1)).toBe(2);
  });

  test("a crash refuses what is pending and what comes after", async () => {
    expect(thread.alive).toBe(true);
    const pending = [thread.call("crash"), thread.call("wait", 5000, "never")];
    const results = await Promise.allSettled(pending);
    expect(results[1]).toMatchObject({
      status: "rejected",
      reason: { code: "internal", message: "thread calculator failed: on fire" },
    });
    expect(thread.alive).toBe(false);
    await expect(thread.call("add", 1, 1)).rejects.toThrow("thread calculator failed: on fire");
    await thread.close();
  });

  test("a thread that leaves is missed", async () => {
    await expect(thread.call("leave")).rejects.toThrow("thread calculator left by itself");
    await expect(thread.call("add", 1, 1)).rejects.toThrow("thread calculator left by itself");
  });

  test("a file that is not there", async () => {
    const missing = startThread<Calculator>(new URL("./missing.ts", import.meta.url), {
      name: "missing",
    });
    await expect(missing.call("add", 1, 1)).rejects.toThrow(/thread missing failed: .*missing\.ts/);
    await missing.close();
  });
});

test("close answers what was called before and refuses what comes after", async () => {
  const answers = [thread.call("wait", 30, "a"), thread.call("wait", 0, "b")];
  const closed = thread.close();
  await expect(thread.call("add", 1, 1)).rejects.toMatchObject({
    code: "unavailable",
    message: "thread calculator is closed",
  });
  expect(await Promise.all(answers)).toEqual(["a", "b"]);
  await closed;
  await thread.close();
});

describe("the end of the process", () => {
  const run = (behaviour: string) =>
    new Promise<{ code: number | string; output: string }>((resolve) => {
      const program = fileURLToPath(new URL("./exit.fixture.ts", import.meta.url));
      execFile(process.execPath, [program, behaviour], (error, stdout, stderr) => {
        resolve({ code: error?.code ?? 0, output: stdout + stderr });
      });
    });

  test("is not held up by an idle thread", async () => {
    expect(await run("idle")).toEqual({ code: 0, output: "" });
  });

  test("waits for a pending call", async () => {
    expect(await run("pending")).toEqual({ code: 0, output: "waited\n" });
  });

  test("in the middle of a run waits for it instead of aborting, and begins no other", async () => {
    expect(await run("exit-in-run")).toEqual({ code: 3, output: "" });
  });
});
