import { getPriority } from "node:os";
import { DomainError } from "@amaas/errors";
import { expect, test, vi } from "vitest";
import { callProcess, KilledError, startProcess } from "./index.ts";
import type { Trouble } from "./trouble.fixture.ts";

// Starting a process takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const url = new URL("./trouble.fixture.ts", import.meta.url);
const options = { name: "trouble", heapMiB: 64 };

const call = callProcess<Trouble, "pid">;

test("the call is answered, and the process is gone", async () => {
  const pid = await call(url, options, "pid");
  expect(pid).not.toBe(process.pid);
  await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow(), 10_000);
});

test("a process that is kept answers call after call, and ends when it is closed", async () => {
  const kept = startProcess<Trouble>(url, options);
  const [first, , second] = await Promise.all([
    kept.call("pid"),
    expect(kept.call("refuse", "not now")).rejects.toMatchObject({ message: "not now" }),
    kept.call("pid"),
  ]);
  expect(first).toBe(second);
  expect(kept.residentBytes).toBeGreaterThan(2 ** 20);
  await kept.close();
  expect(kept.alive).toBe(false);
  expect(() => process.kill(first, 0)).toThrow();
  await expect(kept.call("pid")).rejects.toMatchObject({ code: "unavailable" });
});

test("one that yields is behind whoever started it", async () => {
  const kept = startProcess<Trouble>(url, { ...options, yields: true });
  const pid = await kept.call("pid");
  expect(getPriority(pid)).toBe(Math.min(19, getPriority() + 10));
  expect(kept.processorMs).toBeGreaterThan(0);
  await kept.close();
});

test("one that is killed says why to everybody who waits", async () => {
  const kept = startProcess<Trouble>(url, options);
  const waiting = [kept.call("wait"), kept.call("pid")];
  const why = new DomainError("internal", "too slow");
  kept.kill(why);
  expect(await Promise.allSettled(waiting)).toMatchObject([{ reason: why }, { reason: why }]);
  expect(await kept.gone).toBe(why);
});

test("what it throws, the caller is thrown", async () => {
  const failing = callProcess<Trouble, "refuse">(url, options, "refuse", "no such row");
  await expect(failing).rejects.toMatchObject({ code: "invalid-argument", message: "no such row" });
});

test("one that takes all memory, or ends itself, is an error and nothing more", async () => {
  const exhausted = { code: "resource-exhausted", message: expect.stringContaining("64 MiB") };
  await expect(callProcess<Trouble, "allocate">(url, options, "allocate")).rejects.toMatchObject(
    exhausted,
  );
  await expect(callProcess<Trouble, "leave">(url, options, "leave", 3)).rejects.toMatchObject({
    code: "resource-exhausted",
    message: expect.stringContaining("exit code 3"),
  });
});

test("one that is killed may be started again; one that nobody waits for is ended", async () => {
  const killed = await callProcess<Trouble, "kill">(url, options, "kill").catch((error) => error);
  expect(killed).toBeInstanceOf(KilledError);
  expect(killed).toMatchObject({ code: "unavailable", message: "process trouble was killed" });
  const stop = new AbortController();
  const waiting = callProcess<Trouble, "wait">(url, { ...options, signal: stop.signal }, "wait");
  stop.abort();
  await expect(waiting).rejects.toMatchObject({ code: "unavailable" });
});
