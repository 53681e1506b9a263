/** A server that stops: what it waits for, what it ends and what its callers see. */
import type { DomainError } from "@amaas/errors";
import { BlobsDefinition } from "@amaas/proto/amaas/registry/v1/blobs";
import { expect, test } from "vitest";
import { connect, eventually, serve, serveBlobs } from "./stage.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const rejection = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable("the call succeeded"),
    (error: unknown) => error as DomainError,
  );

test("a drain waits for calls in flight and refuses new ones", async () => {
  const finish = Promise.withResolvers<void>();
  let begun = false;
  const { client, server, address } = await serveBlobs({
    async statBlob() {
      begun = true;
      await finish.promise;
      return { exists: true, bytes: 1 };
    },
  });
  const call = client.statBlob({});
  await eventually(() => begun);
  const drained = server.drain(10_000);
  await pause(50);
  const late = connect(BlobsDefinition, address);
  expect(await rejection(late.uploadBlob([]))).toMatchObject({ code: "unavailable" });
  finish.resolve();
  expect(await call).toEqual({ exists: true, bytes: 1 });
  const started = performance.now();
  await drained;
  expect(performance.now() - started).toBeLessThan(1000);
});

test("a drain ends what is not finished in time, and tells both sides", async () => {
  const told: unknown[] = [];
  let finallyRan = false;
  const { client, server } = await serveBlobs({
    async *downloadBlob(_request, { signal }) {
      try {
        yield { chunk: new Uint8Array(1) };
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        told.push(signal.reason);
      } finally {
        finallyRan = true;
      }
    },
    statBlob: () => new Promise(() => {}),
  });
  const responses = client.downloadBlob({});
  await responses.next();
  const unary = rejection(client.statBlob({}, { retry: false }));
  await pause(50);
  const started = performance.now();
  await server.drain(200);
  expect(performance.now() - started).toBeLessThan(2000);
  expect(await rejection(responses.next())).toMatchObject({
    code: "unavailable",
    message: "the server is stopping",
  });
  expect(await unary).toMatchObject({ code: "unavailable" });
  expect(told[0]).toMatchObject({ code: "unavailable" });
  expect(finallyRan).toBe(true);
});

test("close cuts a drain short; both may be repeated", async () => {
  const { client, server } = await serveBlobs({ statBlob: () => new Promise(() => {}) });
  const call = rejection(client.statBlob({}, { retry: false }));
  await pause(50);
  const drained = server.drain(60_000);
  await pause(50);
  await server.close();
  await drained;
  await server.close();
  expect(await call).toMatchObject({ code: "unavailable" });
});

test("a server that never listened closes, and a taken port is named", async () => {
  const { address, server } = await serveBlobs();
  const port = Number(address.split(":")[1]);
  const other = await serve([]);
  await other.server.close();
  expect(await rejection(server.listen("256.0.0.1", 1))).toMatchObject({ code: "unavailable" });
  const { createServer } = await import("@amaas/rpc");
  const { nullTelemetry } = await import("@amaas/telemetry");
  const unused = createServer({ telemetry: nullTelemetry(), services: [] });
  const taken = await rejection(unused.listen("127.0.0.1", port));
  expect(taken.message).toContain(address);
  await unused.close();
});
