/** A server that stops: what it waits for, what it ends and what its callers see. */
import { once } from "node:events";
import {
  type AddressInfo,
  createConnection,
  createServer as createNetServer,
  type Socket,
} from "node:net";
import type { DomainError } from "@amaas/errors";
import { BlobsDefinition } from "@amaas/proto/amaas/registry/v1/blobs";
import { expect, onTestFinished, test } from "vitest";
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
  await drained;
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
  await server.drain(200);
  expect(await rejection(responses.next())).toMatchObject({
    code: "unavailable",
    message: "the server is stopping",
  });
  expect(await unary).toMatchObject({ code: "unavailable" });
  expect(told[0]).toMatchObject({ code: "unavailable" });
  expect(finallyRan).toBe(true);
});

test("a drain leaves calls in flight their time, however long keepalive has been due", async () => {
  const finish = Promise.withResolvers<void>();
  let begun = false;
  const statBlob = async () => {
    begun = true;
    await finish.promise;
    return { exists: true, bytes: 1 };
  };
  const { client, server } = await serveBlobs({ statBlob }, { keepaliveMs: 100 });
  const call = client.statBlob({}, { retry: false });
  await eventually(() => begun);
  const drained = server.drain(60_000);
  await pause(500);
  finish.resolve();
  expect(await call).toEqual({ exists: true, bytes: 1 });
  await drained;
});

test("a drain lasts until a slow caller has read what was answered", async () => {
  const digest = "x".repeat(32 * 1024 * 1024);
  const answering = Promise.withResolvers<void>();
  const { server, address } = await serveBlobs({
    async uploadBlob() {
      line.hold();
      answering.resolve();
      return { digest, bytes: 1 };
    },
  });
  const line = await slowLine(address);
  const call = connect(BlobsDefinition, line.through).uploadBlob([]);
  await answering.promise;
  const drained = server.drain(10_000);
  await pause(400);
  line.release();
  expect((await call).digest.length).toBe(digest.length);
  await drained;
});

/** A way to a server on which what it sends can be held up. */
async function slowLine(address: string) {
  const [host = "", port = ""] = address.split(":");
  const upstream = new Set<Socket>();
  const line = createNetServer((socket) => {
    const server = createConnection(Number(port), host);
    upstream.add(server);
    socket.pipe(server).on("error", () => {});
    server.on("data", (bytes) => socket.write(bytes)).on("end", () => socket.end());
    socket.on("error", () => {});
  });
  onTestFinished(() => void line.close());
  line.listen(0, "127.0.0.1");
  await once(line, "listening");
  const turn = (way: "pause" | "resume") => {
    for (const socket of upstream) socket[way]();
  };
  const { port: own } = line.address() as AddressInfo;
  return {
    through: `127.0.0.1:${own}`,
    hold: () => turn("pause"),
    release: () => turn("resume"),
  };
}

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
