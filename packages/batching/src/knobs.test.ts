/** Triton's settings, each with what it means. */
import { expect, test } from "vitest";
import { simulate } from "./batcher.fixture.ts";
import { knobs, type QueuePolicy } from "./policy.ts";

const queue: QueuePolicy = {
  timeoutAction: "reject",
  defaultTimeoutUs: 0,
  allowTimeoutOverride: false,
  maxQueueSize: 0,
};

test("a batch waits for others until the oldest has waited for the delay", async () => {
  const { ask, clock, begun } = simulate({ policy: knobs({ maxRows: 8, delayMs: 2 }) });
  ask("a");
  await clock.advance(1.5);
  ask("b");
  await clock.advance(0.4);
  expect(begun).toEqual([]);
  await clock.advance(0.1);
  expect(begun).toMatchObject([{ items: ["a", "b"], reason: "delay" }]);
});

test("a full batch does not wait", async () => {
  const { ask, begun } = simulate({ policy: knobs({ maxRows: 3, delayMs: 1000 }) });
  ask("a", { rows: 2 });
  ask("b", { rows: 2 });
  expect(begun).toMatchObject([{ items: ["a"], reason: "full" }]);
  const other = simulate({ policy: knobs({ maxRows: 3, delayMs: 1000 }) });
  other.ask("a", { rows: 3 });
  expect(other.begun).toMatchObject([{ items: ["a"], reason: "full" }]);
});

test("a preferred size is sent as soon as whole requests add up to it, the largest of them", async () => {
  const policy = knobs({ maxRows: 8, delayMs: 20, preferredRows: [4, 6] });
  const { ask, clock, begun } = simulate({ policy });
  ask("a", { rows: 3 });
  ask("b", { rows: 2 });
  expect(begun).toEqual([]);
  ask("c");
  expect(begun).toMatchObject([{ items: ["a", "b", "c"], rows: 6, reason: "preferred" }]);
  for (let at = 0; at < 7; at++) ask(`${at}`);
  await clock.advance(10);
  expect(begun[1]).toMatchObject({ rows: 6, reason: "preferred" });
  await clock.advance(10);
  expect(begun[2]).toMatchObject({ items: ["6"], reason: "delay" });
});

test("past the delay everything goes, preferred or not; past the largest preferred size nothing waits", async () => {
  const policy = knobs({ maxRows: 8, delayMs: 5, preferredRows: [4] });
  const { ask, clock, begun } = simulate({ policy });
  for (const item of ["a", "b"]) ask(item, { rows: 3 });
  expect(begun).toMatchObject([{ items: ["a", "b"], rows: 6, reason: "full" }]);
  for (let at = 0; at < 7; at++) ask(`${at}`);
  await clock.advance(10);
  expect(begun[1]).toMatchObject({ rows: 7, reason: "delay" });
});

test("a deadline cuts the wait for others short", async () => {
  const { ask, clock, begun } = simulate({ policy: knobs({ maxRows: 8, delayMs: 1000 }) });
  ask("warm", { rows: 8 });
  await clock.advance(10);
  ask("warm");
  await clock.advance(1010);
  ask("a", { within: 500 });
  const hurried = ask("b", { within: 100 });
  await clock.advance(99);
  expect(begun[2]).toMatchObject({ items: ["a", "b"], reason: "deadline" });
  expect((await hurried).queuedMs).toBeLessThan(90);
});

test("a shape that waits for more of its kind holds up no other", async () => {
  const { ask, clock, begun } = simulate({ policy: knobs({ maxRows: 2, delayMs: 10 }) });
  ask("a1", { shape: "1" });
  ask("b2", { shape: "2" });
  ask("c2", { shape: "2" });
  expect(begun).toMatchObject([{ items: ["b2", "c2"], reason: "full" }]);
  await clock.advance(10);
  expect(begun[1]).toMatchObject({ items: ["a1"], reason: "delay" });
});

test("priority 1 is served first; none, and one that does not exist, is the default", async () => {
  const policy = knobs({ maxRows: 1, priorityLevels: 3, defaultPriority: 2 });
  const { ask, clock, batches } = simulate({ policy });
  ask("first");
  for (const [item, priority] of Object.entries({ a: 3, b: 0, c: 2, d: 9, e: 1, f: 3, g: 1 }))
    ask(item, { priority });
  await clock.advance(100);
  expect(batches()).toEqual(["first", "e", "g", "b", "c", "d", "a", "f"]);
});

test("a batch takes from the levels in their order", async () => {
  const policy = knobs({ maxRows: 3, priorityLevels: 2, defaultPriority: 2 });
  const { ask, clock, batches } = simulate({ policy });
  ask("first");
  for (const [item, priority] of Object.entries({ a: 2, b: 2, c: 1, d: 1 }))
    ask(item, { priority });
  await clock.advance(100);
  expect(batches()).toEqual(["first", "c d a", "b"]);
});

test("who waits longer than the queue allows is refused at that moment, with Triton's text", async () => {
  const policy = knobs({ defaultQueue: { ...queue, defaultTimeoutUs: 3000 } });
  const { ask, clock, batches } = simulate({ policy });
  ask("a");
  const late = ask("b");
  await clock.advance(3);
  await expect(late).rejects.toMatchObject({
    code: "unavailable",
    message: "Request timeout expired after 3 ms in the queue",
  });
  await clock.advance(20);
  expect(batches()).toEqual(["a"]);
});

test("a request may ask for a shorter wait where the queue allows it, never for a longer one", async () => {
  const allowed = { ...queue, allowTimeoutOverride: true };
  const outcome = async (defaultQueue: QueuePolicy, timeoutUs: number) => {
    const { ask, clock } = simulate({ policy: knobs({ defaultQueue }) });
    ask("a");
    const [result] = await Promise.all([
      Promise.allSettled([ask("b", { timeoutUs })]),
      clock.advance(20),
    ]);
    return result[0]!.status;
  };
  expect(await outcome(queue, 2000)).toBe("fulfilled");
  expect(await outcome(allowed, 2000)).toBe("rejected");
  expect(await outcome({ ...allowed, defaultTimeoutUs: 20_000 }, 2000)).toBe("rejected");
  expect(await outcome({ ...allowed, defaultTimeoutUs: 2000 }, 20_000)).toBe("rejected");
  expect(await outcome({ ...allowed, defaultTimeoutUs: 20_000 }, 0)).toBe("fulfilled");
});

test("who waits too long is put behind the others of the level, where the queue says so", async () => {
  const policy = knobs({
    priorityLevels: 2,
    defaultPriority: 1,
    queues: new Map([[1, { ...queue, timeoutAction: "delay" as const, defaultTimeoutUs: 5000 }]]),
  });
  const { ask, clock, batches } = simulate({ policy });
  ask("first");
  ask("a");
  ask("low", { priority: 2 });
  await clock.advance(6);
  ask("b");
  await clock.advance(100);
  expect(batches()).toEqual(["first", "b", "a", "low"]);
});

test("a level's queue has its own size", async () => {
  const policy = knobs({
    priorityLevels: 2,
    defaultPriority: 2,
    queues: new Map([[1, { ...queue, maxQueueSize: 1 }]]),
  });
  const { ask } = simulate({ policy });
  ask("running");
  ask("a", { priority: 1 });
  ask("b", { priority: 2 });
  await expect(ask("c", { priority: 1 })).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("Exceeds maximum queue size"),
  });
  ask("d", { priority: 2 });
});

test("all faults of a policy are named at once", () => {
  expect(() => knobs({ maxRows: 0, delayMs: -1, preferredRows: [9], defaultPriority: 1 })).toThrow(
    "maxRows is 0, wanted a whole number from 1; defaultPriority is 1, wanted a level from 1 to 0, or 0 where there are none; delayMs is -1, wanted milliseconds from 0; preferredRows has 9, wanted sizes from 1 to 0",
  );
});
