/** Calls that end early: who leaves, who is told, and what runs then. */
import { DomainError } from "@amaas/errors";
import { Channel } from "@amaas/rpc";
import { expect, test } from "vitest";
import {
  type contribution,
  eventually,
  orders,
  serveBlobs,
  serveExchange,
  versionOf,
  weights,
} from "./stage.ts";

const rejection = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable("the call succeeded"),
    (error: unknown) => error as DomainError,
  );
const never = () => new Promise<never>(() => {});
const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));

test("a caller's signal ends a unary call on both sides", async () => {
  const told: unknown[] = [];
  const leaving = new AbortController();
  const { client } = await serveBlobs({
    async statBlob(_request, { signal }) {
      leaving.abort();
      await aborted(signal);
      told.push(signal.reason);
      throw signal.reason;
    },
  });
  const call = rejection(client.statBlob({}, { signal: leaving.signal }));
  expect(await call).toMatchObject({ code: "cancelled" });
  await eventually(() => told.length === 1);
  expect(told[0]).toMatchObject({ code: "cancelled", message: "the caller has left" });
  const late = rejection(client.statBlob({}, { signal: leaving.signal }));
  expect(await late).toMatchObject({ code: "cancelled" });
});

test("leaving a stream runs the handler's finally, wherever it is suspended", async () => {
  const finished: string[] = [];
  const { client } = await serveBlobs({
    async *downloadBlob({ digest }, { signal }) {
      try {
        yield { chunk: new Uint8Array(1) };
        if (digest === "waiting") await aborted(signal);
        for (;;) yield { chunk: new Uint8Array(100_000) };
      } finally {
        finished.push(digest);
      }
    },
  });
  for (const digest of ["waiting", "sending"])
    for await (const _ of client.downloadBlob({ digest })) break;
  await eventually(() => finished.length === 2);
});

test("a handler that waits for requests is woken when the caller leaves", async () => {
  const ends: unknown[] = [];
  const { client } = await serveExchange(async function* (requests) {
    try {
      yield orders(1);
      for await (const request of requests) yield orders(versionOf(request));
    } catch (error) {
      ends.push(error);
      throw error;
    } finally {
      ends.push("finally");
    }
  });
  const requests = new Channel<ReturnType<typeof contribution>>();
  const leaving = new AbortController();
  const responses = client.exchange(requests, { signal: leaving.signal });
  expect((await responses.next()).done).toBe(false);
  const pending = rejection(responses.next());
  leaving.abort();
  expect(await pending).toMatchObject({ code: "cancelled" });
  expect(await responses.next()).toEqual({ done: true, value: undefined });
  await eventually(() => ends.length === 2);
  expect(ends[0]).toMatchObject({ code: "cancelled" });
  // The producer of requests is told, too.
  expect(requests.ended).toBe(true);
});

test("a channel as an answer ends when the caller leaves", async () => {
  const answers = new Channel<ReturnType<typeof orders>>();
  const { client } = await serveExchange(() => answers);
  answers.push(orders(1));
  for await (const response of client.exchange([])) {
    expect(versionOf(response)).toBe(1);
    break;
  }
  await eventually(() => answers.ended);
});

test("an error after the first answers still reaches the caller, behind them", async () => {
  const { client } = await serveBlobs({
    async *downloadBlob() {
      yield { chunk: Buffer.from("a") };
      yield { chunk: Buffer.from("b") };
      throw new DomainError("data-loss", "the third part is gone", { metadata: { part: "3" } });
    },
  });
  const parts: string[] = [];
  const reading = (async () => {
    for await (const { chunk } of client.downloadBlob({})) {
      parts.push(Buffer.from(chunk).toString());
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  expect(await rejection(reading)).toMatchObject({
    code: "data-loss",
    message: "the third part is gone",
    metadata: { part: "3" },
  });
  expect(parts).toEqual(["a", "b"]);
});

test("a refusal in the middle of an upload stops the producer", async () => {
  const { client } = await serveBlobs({
    async uploadBlob(requests) {
      for await (const { chunk } of requests)
        if (chunk.length > 10) throw new DomainError("invalid-argument", "a chunk has 11 bytes");
      return { digest: "", bytes: 0 };
    },
  });
  let stopped = false;
  async function* chunks() {
    try {
      yield { chunk: new Uint8Array(10) };
      for (;;) yield { chunk: new Uint8Array(11) };
    } finally {
      stopped = true;
    }
  }
  expect(await rejection(client.uploadBlob(chunks()))).toMatchObject({
    code: "invalid-argument",
    message: "a chunk has 11 bytes",
  });
  await eventually(() => stopped);
});

test("a producer of requests that fails ends the call with its own error", async () => {
  const told: unknown[] = [];
  const arrived = Promise.withResolvers<void>();
  const { client } = await serveBlobs({
    async uploadBlob(requests) {
      try {
        for await (const _ of requests) arrived.resolve();
        return { digest: "half of it", bytes: 0 };
      } catch (error) {
        told.push(error);
        throw error;
      }
    },
  });
  const fault = new Error("the file is gone");
  async function* chunks() {
    yield { chunk: new Uint8Array(1) };
    await arrived.promise;
    throw fault;
  }
  expect(await rejection(client.uploadBlob(chunks()))).toBe(fault);
  await eventually(() => told.length === 1);
  expect(told[0]).toMatchObject({ code: "cancelled" });
});

test("a handler may answer before the caller has sent everything", async () => {
  const { client } = await serveBlobs({
    async uploadBlob(requests) {
      for await (const { chunk } of requests) return { digest: "early", bytes: chunk.length };
      throw new DomainError("internal", "no request");
    },
  });
  async function* chunks() {
    for (;;) yield { chunk: new Uint8Array(100_000) };
  }
  expect(await client.uploadBlob(chunks())).toEqual({ digest: "early", bytes: 100_000 });
});

test("a deadline passes on both sides, even for a handler that ignores it", async () => {
  const told: unknown[] = [];
  const { client } = await serveBlobs({
    async statBlob(_request, { signal }) {
      signal.addEventListener("abort", () => told.push(signal.reason));
      return never();
    },
    async *downloadBlob(_request, { signal }) {
      yield { chunk: new Uint8Array(1) };
      signal.addEventListener("abort", () => told.push(signal.reason));
      await aborted(signal);
    },
  });
  const unary = rejection(client.statBlob({}, { deadlineMs: 100 }));
  const stream = rejection(Array.fromAsync(client.downloadBlob({}, { deadlineMs: 100 })));
  expect(await unary).toMatchObject({ code: "deadline-exceeded" });
  expect(await stream).toMatchObject({ code: "deadline-exceeded" });
  await eventually(() => told.length === 2);
});

test("closing a client ends what is in flight", async () => {
  const { client } = await serveBlobs({
    statBlob: never,
    async *downloadBlob() {
      yield await never();
    },
  });
  const calls = [client.statBlob({}), client.downloadBlob({}).next()].map(rejection);
  await new Promise((resolve) => setTimeout(resolve, 50));
  client.close();
  for (const call of calls) expect(await call).toMatchObject({ code: "cancelled" });
  expect(await rejection(client.statBlob({}))).toMatchObject({ code: "cancelled" });
});

test("a stream that nobody reads does no harm when it fails", async () => {
  const { client } = await serveExchange(async function* () {
    yield weights(1, new Uint8Array(1));
    throw new DomainError("aborted", "enough");
  });
  void client.exchange([]);
  const responses = client.exchange([]);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect((await responses.next()).done).toBe(false);
  expect(await rejection(responses.next())).toMatchObject({ code: "aborted" });
});
