/** Back-pressure and limits: no side can make the other keep more than a little. */
import { connect as connectSocket } from "node:net";
import type { DomainError } from "@amaas/errors";
import { BlobsDefinition } from "@amaas/proto/amaas/registry/v1/blobs";
import { expect, test } from "vitest";
import { blobs, connect, contribution, orders, serve, serveBlobs, serveExchange } from "./stage.ts";

const mebibyte = 1024 * 1024;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const rejection = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable("the call succeeded"),
    (error: unknown) => error as DomainError,
  );

test("a caller that does not read stops the handler", async () => {
  let sent = 0;
  const { client } = await serveBlobs({
    async *downloadBlob() {
      for (; sent < 1000; sent++) yield { chunk: new Uint8Array(mebibyte) };
    },
  });
  const responses = client.downloadBlob({});
  await responses.next();
  await pause(500);
  const stoppedAt = sent;
  expect(stoppedAt).toBeLessThan(40);
  await pause(200);
  expect(sent).toBe(stoppedAt);
  for (let taken = 0; taken < 100; taken++) await responses.next();
  expect(sent).toBeGreaterThan(stoppedAt);
  await responses.return?.();
});

test("a handler that does not read stops the caller", async () => {
  const reading = Promise.withResolvers<void>();
  const { client } = await serveBlobs({
    async uploadBlob(requests) {
      await reading.promise;
      let bytes = 0;
      for await (const { chunk } of requests) bytes += chunk.length;
      return { digest: "", bytes };
    },
  });
  let sent = 0;
  async function* chunks() {
    for (; sent < 100; sent++) yield { chunk: new Uint8Array(mebibyte) };
  }
  const call = client.uploadBlob(chunks());
  await pause(500);
  const stoppedAt = sent;
  expect(stoppedAt).toBeLessThan(40);
  await pause(200);
  expect(sent).toBe(stoppedAt);
  reading.resolve();
  expect(await call).toEqual({ digest: "", bytes: 100 * mebibyte });
});

test("a fast stream of small messages leaves the event loop its turns", async () => {
  const { client } = await serveExchange(async function* (requests) {
    let count = 0;
    for await (const _ of requests) count++;
    yield orders(count);
  });
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const messages = Array.from({ length: 20_000 }, () => contribution(1, 0));
  const [response] = await Array.fromAsync(
    client.exchange(
      (async function* () {
        yield* messages;
      })(),
    ),
  );
  clearInterval(timer);
  expect(response).toEqual(orders(20_000));
  expect(turns).toBeGreaterThan(20);
});

test("a message over the limit is refused, either way, and the server goes on", async () => {
  const stage = await serve(
    [
      blobs({
        async *downloadBlob() {
          yield { chunk: new Uint8Array(2 * mebibyte) };
        },
      }),
    ],
    { maxReceiveBytes: mebibyte },
  );
  const client = connect(BlobsDefinition, stage.address, { maxReceiveBytes: mebibyte });
  const large = { chunk: new Uint8Array(mebibyte + 1) };
  const upload = await rejection(client.uploadBlob([large]));
  expect(upload.code).toBe("resource-exhausted");
  expect(upload.message).toContain(String(mebibyte));
  const download = await rejection(Array.fromAsync(client.downloadBlob({})));
  expect(download.code).toBe("resource-exhausted");
  const fits = await client.uploadBlob([{ chunk: new Uint8Array(mebibyte - 10) }]);
  expect(fits.bytes).toBe(mebibyte - 10);
});

test("hundreds of calls at once on one connection", async () => {
  const { client } = await serveBlobs({
    async *downloadBlob({ offset }) {
      for (let part = 0; part < 5; part++) {
        await pause(1);
        yield { chunk: Buffer.from(`${offset}/${part}`) };
      }
    },
  });
  const answers = await Promise.all(
    Array.from({ length: 400 }, (_, offset) => Array.fromAsync(client.downloadBlob({ offset }))),
  );
  for (const [offset, chunks] of answers.entries())
    expect(chunks.map(({ chunk }) => Buffer.from(chunk).toString())).toEqual(
      [0, 1, 2, 3, 4].map((part) => `${offset}/${part}`),
    );
});

test("streams beyond a connection's limit wait their turn or are refused, and harm no other", async () => {
  const open = Promise.withResolvers<void>();
  const stage = await serve(
    [
      blobs({
        async statBlob() {
          await open.promise;
          return { exists: true, bytes: 0 };
        },
      }),
    ],
    { maxConcurrentStreams: 10 },
  );
  const client = connect(BlobsDefinition, stage.address);
  const calls = Array.from({ length: 50 }, () => client.statBlob({}));
  await pause(100);
  open.resolve();
  const answers = await Promise.all(calls);
  expect(answers.every(({ exists }) => exists)).toBe(true);
});

test("garbage on the port harms nobody", async () => {
  const { client, address } = await serveBlobs();
  const port = Number(address.split(":")[1]);
  for (const garbage of [
    "GET / HTTP/1.1\r\n\r\n",
    "\0".repeat(10_000),
    "PRI * HTTP/2.0\r\n\r\nSM",
  ]) {
    const socket = connectSocket(port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write(garbage);
    await pause(20);
    socket.destroy();
  }
  expect(await client.statBlob({ digest: "a" })).toEqual({ exists: true, bytes: 1 });
});
