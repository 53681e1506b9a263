import { expect, test } from "vitest";
import { Channel } from "./channel.ts";

const settledNow = async (promise: Promise<unknown>) => {
  let settled = false;
  void promise.then(() => {
    settled = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  return settled;
};

test("values come out in order, pushed before or after somebody waits", async () => {
  const channel = new Channel<number>();
  channel.push(1);
  channel.push(2);
  expect(channel.size).toBe(2);
  expect(await channel.next()).toEqual({ done: false, value: 1 });
  expect(await channel.next()).toEqual({ done: false, value: 2 });
  const waiting = channel.next();
  channel.push(3);
  expect(channel.size).toBe(0);
  expect(await waiting).toEqual({ done: false, value: 3 });
  channel.push(4);
  channel.end();
  channel.push(5);
  expect(await Array.fromAsync(channel)).toEqual([4]);
});

test("an error comes after what waits, once", async () => {
  const channel = new Channel<number>();
  const fault = new Error("fault");
  channel.push(1);
  channel.end(fault);
  channel.end();
  expect(await channel.next()).toEqual({ done: false, value: 1 });
  await expect(channel.next()).rejects.toBe(fault);
  expect(await channel.next()).toEqual({ done: true, value: undefined });

  const waited = new Channel<number>();
  const waiting = waited.next();
  waited.end(fault);
  await expect(waiting).rejects.toBe(fault);
});

test("drained waits until fewer than the limit are left", async () => {
  const channel = new Channel<number>();
  for (let value = 0; value < 3; value++) channel.push(value);
  const below3 = channel.drained(3);
  const below2 = channel.drained(2);
  expect(await settledNow(below3)).toBe(false);
  await channel.next();
  expect(await settledNow(below3)).toBe(true);
  expect(await settledNow(below2)).toBe(false);
  await channel.next();
  expect(await settledNow(below2)).toBe(true);
  expect(await settledNow(channel.drained(2))).toBe(true);
});

test("a reader that leaves lets waiting producers go, and later values too", async () => {
  const channel = new Channel<number>();
  channel.push(1);
  channel.push(2);
  const drained = channel.drained(1);
  for await (const _ of channel) break;
  await drained;
  expect(channel.ended).toBe(true);
  channel.push(3);
  expect(channel.size).toBe(0);
  await channel.drained(1);
  expect(await channel.next()).toEqual({ done: true, value: undefined });
});

test("a second reader is an error, not a hang", async () => {
  const channel = new Channel<number>();
  const first = channel.next();
  await expect(channel.next()).rejects.toThrow("one reader");
  channel.push(1);
  expect(await first).toEqual({ done: false, value: 1 });
});

test("many values pass in order while they are taken", async () => {
  const channel = new Channel<number>();
  const total = 10_000;
  let pushed = 0;
  let expected = 0;
  while (expected < total) {
    for (let more = 0; more < 37 && pushed < total; more++) channel.push(pushed++);
    for (let take = 0; take < 31 && channel.size > 0; take++)
      expect((await channel.next()).value).toBe(expected++);
  }
  expect(channel.size).toBe(0);
});
