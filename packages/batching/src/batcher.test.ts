import { expect, test } from "vitest";
import { simulate } from "./batcher.fixture.ts";
import { knobs, target } from "./policy.ts";
import { Room } from "./room.ts";
import { settled } from "./simulated-clock.fixture.ts";
import { Slots } from "./slots.ts";

test("as many batches run at a time as there are instances, the others in the order they came", async () => {
  const { ask, clock, batches, batcher, room } = simulate({ instances: 2 });
  const answers = ["a", "b", "c", "d"].map((item) => ask(item));
  expect(batches()).toEqual(["a", "b"]);
  expect(batcher.pending).toEqual({ requests: 2, rows: 2, running: 2 });
  expect(room.bytes).toBe(2);
  await clock.advance(10);
  expect(batches()).toEqual(["a", "b", "c", "d"]);
  await clock.advance(10);
  expect((await Promise.all(answers)).map(({ answer }) => answer)).toEqual(
    ["a", "b", "c", "d"].map((item) => `answer to ${item}`),
  );
  expect(batcher.pending).toEqual({ requests: 0, rows: 0, running: 0 });
  expect(room.bytes).toBe(0);
  expect(clock.timers).toBe(0);
});

test("what came during a run is one batch, and each request is told of it", async () => {
  const { ask, clock, batches } = simulate({ policy: knobs({ maxRows: 4 }) });
  const first = ask("a");
  const others = [ask("b", { rows: 2 }), ask("c"), ask("d", { rows: 2 })];
  await clock.advance(30);
  expect(batches()).toEqual(["a", "b c", "d"]);
  expect(await first).toEqual({
    answer: "answer to a",
    batch: { id: 1, rows: 1, requests: 1, reason: "idle" },
    queuedMs: 0,
    ranMs: 10,
  });
  expect(await others[1]).toEqual({
    answer: "answer to c",
    batch: { id: 2, rows: 3, requests: 2, reason: "full" },
    queuedMs: 10,
    ranMs: 10,
  });
});

test("another shape blocks nobody, and shares no batch", async () => {
  const { ask, clock, batches } = simulate({ policy: knobs({ maxRows: 4 }) });
  for (const [item, shape] of ["a1", "b2", "c1", "d2", "e1"].map((name) => [name, name[1]!]))
    ask(item!, { shape: shape! });
  await clock.advance(50);
  expect(batches()).toEqual(["a1", "b2 d2", "c1 e1"]);
});

test("a request of more rows than a batch runs alone", async () => {
  const { ask, clock, begun } = simulate({ policy: knobs({ maxRows: 4 }) });
  for (const [item, rows] of Object.entries({ a: 9, b: 1, c: 9, d: 1 })) ask(item, { rows });
  await clock.advance(100);
  expect(begun.map(({ items, rows, reason }) => [items.join(" "), rows, reason])).toEqual([
    ["a", 9, "alone"],
    ["b", 1, "full"],
    ["c", 9, "alone"],
    ["d", 1, "idle"],
  ]);
});

test("errors of a batch reach its requests and no others", async () => {
  const { ask, clock } = simulate({
    policy: knobs({ maxRows: 2 }),
    run: async ({ items }) => {
      await clock.wait(1);
      if (items.includes("bad")) throw new Error("broken");
      return items;
    },
  });
  const answers = ["a", "bad", "b", "c"].map((item) => ask(item));
  await clock.advance(10);
  expect((await Promise.allSettled(answers)).map(({ status }) => status)).toEqual([
    "fulfilled",
    "rejected",
    "rejected",
    "fulfilled",
  ]);
  await expect(answers[2]).rejects.toThrow("broken");
});

test("a run that throws before it awaits anything frees its instance", async () => {
  const { ask, clock, batcher } = simulate({
    run: () => {
      throw new Error("at once");
    },
  });
  await expect(ask("a")).rejects.toThrow("at once");
  await expect(ask("b")).rejects.toThrow("at once");
  await clock.advance(1);
  expect(batcher.pending.running).toBe(0);
});

test.each([
  ["too few", 1],
  ["too many", 3],
])("%s answers are an internal error of that batch", async (_, count) => {
  const { ask, clock } = simulate({
    policy: knobs({ maxRows: 2 }),
    run: async ({ items }) => (items.length === 2 ? Array<string>(count).fill("x") : [...items]),
  });
  const answers = ["a", "b", "c", "d"].map((item) => ask(item));
  await clock.advance(1);
  expect((await answers[0])?.answer).toBe("a");
  for (const answer of answers.slice(1, 3))
    await expect(answer).rejects.toMatchObject({
      code: "internal",
      message: `a batch of 2 requests got ${count} answers`,
    });
  expect((await answers[3])?.answer).toBe("d");
});

test("a full queue refuses at once and says when to come back", async () => {
  const { ask, clock } = simulate({ limit: 2 });
  ask("warm");
  await clock.advance(10);
  for (const item of ["a", "b", "c"]) ask(item);
  await expect(ask("d")).rejects.toMatchObject({
    code: "resource-exhausted",
    message: "the queue is full: 2 requests wait; try again in 30 ms or elsewhere",
    retryAfterMs: 30,
  });
});

test("no tenant fills the queue against the others: its newest request gives way", async () => {
  const { ask, clock, batches } = simulate({
    limit: 4,
    weightOf: (name) => (name === "big" ? 2 : 1),
  });
  ask("running", { tenant: "hog" });
  const hog = ["a", "b", "c", "d"].map((item) => ask(item, { tenant: "hog" }));
  const big = ["e", "f", "g"].map((item) => ask(item, { tenant: "big" }));
  for (const answer of hog.slice(1))
    await expect(answer).rejects.toMatchObject({
      code: "resource-exhausted",
      message: expect.stringContaining("tenant 'hog'"),
    });
  for (const tenant of ["big", "hog"])
    await expect(ask("h", { tenant })).rejects.toThrow("the queue is full: 4 requests wait");
  await clock.advance(100);
  await Promise.all([hog[0], ...big]);
  expect([...batches()].sort()).toEqual(["a", "e", "f", "g", "running"]);
});

test("nobody gives way to a request that is refused itself", async () => {
  const { ask, clock, batches } = simulate({ limit: 2 });
  ask("warm");
  await clock.advance(10);
  const hog = ["running", "a", "b"].map((item) => ask(item, { tenant: "hog" }));
  await expect(ask("late", { tenant: "other", within: 5 })).rejects.toThrow(
    "its deadline is in 5 ms",
  );
  await clock.advance(100);
  await Promise.all(hog);
  expect(batches()).toEqual(["warm", "running", "a", "b"]);
});

test("bytes that wait are limited over all batchers, but one request of each always may", async () => {
  const room = new Room({ bytes: 10 });
  const one = simulate({ room });
  const other = simulate({ room });
  one.ask("a", { bytes: 50 });
  one.ask("b", { bytes: 50 });
  await expect(one.ask("c")).rejects.toMatchObject({ code: "resource-exhausted" });
  other.ask("d", { bytes: 50 });
  other.ask("e", { bytes: 50 });
  await expect(other.ask("f")).rejects.toThrow("the queue is full: 100 bytes wait");
  await one.clock.advance(10);
  await other.clock.advance(10);
  expect(room.bytes).toBe(0);
});

test("what cannot be answered in time is refused with the estimate; what is free refuses nobody", async () => {
  const { ask, clock, batches } = simulate({ takes: () => 100 });
  ask("warm");
  await clock.advance(100);
  const first = ask("a", { within: 50 });
  const second = ask("b", { within: 201 });
  await expect(ask("c", { within: 299 })).rejects.toMatchObject({
    code: "resource-exhausted",
    message: "the request would wait about 200 ms and run 100 ms, and its deadline is in 299 ms",
    retryAfterMs: 200,
  });
  await clock.advance(200);
  await Promise.all([first, second]);
  expect(batches()).toEqual(["warm", "a", "b"]);
});

test("what expires while it waits leaves at that moment and is never run", async () => {
  const { ask, clock, batches, batcher } = simulate();
  ask("a");
  const late = ask("b", { within: 4 });
  await clock.advance(3);
  expect(batcher.pending.requests).toBe(1);
  await clock.advance(1);
  expect(batcher.pending.requests).toBe(0);
  await expect(late).rejects.toMatchObject({ code: "deadline-exceeded" });
  await expect(ask("c", { within: 0 })).rejects.toMatchObject({ code: "deadline-exceeded" });
  await clock.advance(50);
  expect(batches()).toEqual(["a"]);
  expect(clock.timers).toBe(0);
});

test("a timer that is late lets nothing expired run", async () => {
  const { ask, clock, batches } = simulate({ instances: 1 });
  ask("a");
  const late = ask("b", { within: 10 });
  // The run of a ends at the very moment at which b expires, and before its timer rings.
  await clock.advance(10);
  await expect(late).rejects.toMatchObject({ code: "deadline-exceeded" });
  expect(batches()).toEqual(["a"]);
});

test("a caller who leaves is never run and makes room; one who has left is not even queued", async () => {
  const { ask, clock, batches } = simulate({ limit: 1 });
  ask("a");
  const leaving = new AbortController();
  const left = ask("b", { signal: leaving.signal });
  leaving.abort(new Error("the caller has left"));
  await expect(left).rejects.toThrow("the caller has left");
  ask("c");
  await clock.advance(50);
  expect(batches()).toEqual(["a", "c"]);
  await expect(ask("d", { signal: leaving.signal })).rejects.toThrow("the caller has left");
  expect(batches()).toEqual(["a", "c"]);
});

test("a closed batcher runs what it has, at once, and takes no more", async () => {
  const { ask, clock, begun, batcher } = simulate({
    policy: knobs({ maxRows: 8, delayMs: 1000 }),
  });
  const answer = ask("a");
  await clock.advance(1);
  expect(begun).toEqual([]);
  let closed = false;
  void batcher.close().then(() => {
    closed = true;
  });
  await expect(ask("b")).rejects.toMatchObject({ code: "unavailable" });
  await clock.advance(9);
  expect(closed).toBe(false);
  await clock.advance(1);
  expect(closed).toBe(true);
  expect((await answer).batch.reason).toBe("closing");
  await simulate().batcher.close();
});

test("many models share the slots by the time they take", async () => {
  const slots = new Slots(1);
  const slow = simulate({ slots, takes: () => 30 });
  const { clock } = slow;
  const fast = simulate({ slots, clock, takes: () => 10, instances: 3 });
  for (let at = 0; at < 100; at++) for (const { ask } of [slow, fast]) ask(`${at}`);
  await clock.advance(1200);
  const counts = [slow, fast].map(({ begun }) => begun.length);
  expect(counts).toEqual([expect.closeTo(20, -1), expect.closeTo(60, -1)]);
  expect(counts.reduce((sum, count, at) => sum + count * [30, 10][at]!, 0)).toBeGreaterThanOrEqual(
    1200,
  );
});

test("who comes late to the slots has no time saved up", async () => {
  const slots = new Slots(1);
  const early = simulate({ slots });
  const { clock } = early;
  const late = simulate({ slots, clock });
  for (let at = 0; at < 200; at++) early.ask(`${at}`);
  await clock.advance(1000);
  for (let at = 0; at < 100; at++) late.ask(`${at}`);
  const before = early.begun.length;
  await clock.advance(400);
  expect(early.begun.length - before).toBeGreaterThanOrEqual(18);
  expect(late.begun.length).toBeGreaterThanOrEqual(18);
});

test("with a latency to aim at, a batch takes half of it at most, unless too much waits", async () => {
  const { ask, clock, begun } = simulate({
    policy: target({ maxRows: 64, targetP99Ms: 50 }),
    takes: ({ rows }) => 5 + rows,
    limit: 10_000,
  });
  for (let at = 0; at < 400; at++) {
    ask("small", { rows: 1 + (at % 12) });
    await clock.advance(40);
  }
  begun.length = 0;
  ask("first");
  for (let at = 0; at < 30; at++) ask(`${at}`);
  await clock.advance(100);
  expect(begun[1]!.reason).toBe("target");
  expect(begun[1]!.rows).toBeGreaterThan(10);
  expect(5 + begun[1]!.rows).toBeLessThanOrEqual(25);
  begun.length = 0;
  for (let at = 0; at < 300; at++) ask(`${at}`);
  await clock.advance(70);
  expect(begun[1]).toMatchObject({ rows: 64, reason: "full" });
});

test("answers leave in the order in which their batches began, where that is asked for", async () => {
  const { ask, clock, batcher } = simulate({
    policy: knobs({ maxRows: 1, preserveOrdering: true }),
    instances: 3,
    takes: ({ items }) => Number(items[0]),
  });
  const order: string[] = [];
  for (const ms of ["30", "10", "20"]) void ask(ms).then(() => order.push(ms));
  await clock.advance(25);
  expect(order).toEqual([]);
  const closed = batcher.close();
  await clock.advance(5);
  await closed;
  await settled();
  expect(order).toEqual(["30", "10", "20"]);
});

test("what comes while it is paused waits, and is run when it goes on", async () => {
  const { ask, clock, begun, batcher } = simulate({ policy: knobs({ maxRows: 4 }) });
  const came = clock.now();
  batcher.pause(50);
  const waits = [ask("a"), ask("b")];
  const leaves = new AbortController();
  const left = ask("c", { signal: leaves.signal });
  await expect(ask("d", { within: 40 })).rejects.toMatchObject({
    code: "resource-exhausted",
    retryAfterMs: 50,
  });
  const late = ask("e", { within: 60 });
  leaves.abort(new Error("gone"));
  await expect(left).rejects.toThrow("gone");
  await clock.advance(70);
  expect(begun).toEqual([]);
  await expect(late).rejects.toMatchObject({ code: "deadline-exceeded" });
  batcher.resume();
  await clock.advance(10);
  expect(begun).toMatchObject([{ at: came + 70, items: ["a", "b"] }]);
  for (const answer of waits) expect(await answer).toMatchObject({ queuedMs: 70 });
});
