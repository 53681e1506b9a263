/** The four kinds of calls over a real socket, and what they carry besides messages. */
import { DomainError } from "@amaas/errors";
import { BlobsDefinition } from "@amaas/proto/amaas/registry/v1/blobs";
import { type Context, type Handlers, implement } from "@amaas/rpc";
import { nullTelemetry, traceIdOf } from "@amaas/telemetry";
import { expect, test } from "vitest";
import { contribution, orders, serveBlobs, serveExchange, versionOf, weights } from "./stage.ts";

const rejection = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable("the call succeeded"),
    (error: unknown) => error as DomainError,
  );

test("a unary call, its request leaving fields out", async () => {
  const { client } = await serveBlobs();
  expect(await client.statBlob({ digest: "four" })).toEqual({ exists: true, bytes: 4 });
  expect(await client.statBlob({})).toEqual({ exists: false, bytes: 0 });
});

test("a server stream", async () => {
  const { client } = await serveBlobs();
  const chunks = await Array.fromAsync(client.downloadBlob({ digest: "a" }));
  expect(chunks.map(({ chunk }) => Buffer.from(chunk).toString())).toEqual(["a0", "a1", "a2"]);
  expect(await Array.fromAsync(client.downloadBlob({ offset: 3 }))).toEqual([]);
});

test("a client stream from an iterable and from an async one", async () => {
  const { client } = await serveBlobs();
  const parts = [{ chunk: new Uint8Array(3) }, {}, { chunk: new Uint8Array(4) }];
  async function* slowly() {
    for (const part of parts) yield part;
  }
  expect(await client.uploadBlob(parts)).toEqual({ digest: "sha256:upload", bytes: 7 });
  expect(await client.uploadBlob(slowly())).toEqual({ digest: "sha256:upload", bytes: 7 });
  expect(await client.uploadBlob([])).toEqual({ digest: "sha256:upload", bytes: 0 });
});

test("a bidirectional stream, each answer before the next question", async () => {
  const { client } = await serveExchange(async function* (requests) {
    for await (const request of requests) yield orders(versionOf(request) * 10);
  });
  let answered = 0;
  async function* questions() {
    for (let version = 1; version <= 3; version++) {
      yield contribution(version, 0);
      while (answered < version) await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
  const versions: number[] = [];
  for await (const response of client.exchange(questions())) {
    versions.push(versionOf(response));
    answered++;
  }
  expect(versions).toEqual([10, 20, 30]);
});

test("large messages arrive as they left, both ways, small ones between them", async () => {
  const { client } = await serveExchange(async function* (requests) {
    for await (const { message } of requests)
      if (message?.$case === "contribution")
        yield weights(message.value.version, message.value.gradient);
  });
  const sizes = [0, 1, 4095, 4096, 70_000, 3, 600_000, 600_000, 5_000_000, 0, 12];
  async function* requests() {
    for (const [version, size] of sizes.entries()) yield contribution(version, size);
  }
  let version = 0;
  for await (const { message } of client.exchange(requests())) {
    if (message?.$case !== "weights") throw new Error("no weights");
    expect(message.value.version).toBe(version);
    expect(message.value.values.every((value) => value === version)).toBe(true);
    expect(message.value.values.length).toBe(sizes[version]);
    version++;
  }
  expect(version).toBe(sizes.length);
});

test("received bytes are a plain view of the received message, not a copy", async () => {
  const { client } = await serveBlobs({
    async *downloadBlob() {
      yield { chunk: new Uint8Array(100_000) };
    },
  });
  for await (const { chunk } of client.downloadBlob({})) {
    expect(Object.getPrototypeOf(chunk)).toBe(Uint8Array.prototype);
    expect(chunk.byteOffset).toBeGreaterThan(0);
    expect(chunk.buffer.byteLength).toBeGreaterThan(chunk.byteLength);
  }
});

test("a domain error crosses the wire whole", async () => {
  const { client } = await serveBlobs({
    async statBlob() {
      throw new DomainError("aborted", "alias champion is at revision 7 ☃, expected 5", {
        violations: [{ field: "alias.revision", description: "5, expected 7" }],
        retryAfterMs: 1250,
        metadata: { revision: "7" },
      });
    },
  });
  const error = await rejection(client.statBlob({}));
  expect(error).toBeInstanceOf(DomainError);
  expect(error).toMatchObject({
    code: "aborted",
    message: "alias champion is at revision 7 ☃, expected 5",
    violations: [{ field: "alias.revision", description: "5, expected 7" }],
    retryAfterMs: 1250,
    metadata: { revision: "7" },
  });
});

test("very many violations and very long texts are cut to what a trailer holds", async () => {
  const { client } = await serveBlobs({
    async statBlob() {
      const violations = Array.from({ length: 5000 }, (_, index) => ({
        field: `columns[${index}].type`,
        description: `\ud83d "${"x".repeat(index)}", wanted number or text`,
      }));
      throw new DomainError("invalid-argument", `\udc00${"long ".repeat(100_000)}`, { violations });
    },
  });
  const { code, message, violations } = await rejection(client.statBlob({}));
  expect(code).toBe("invalid-argument");
  expect(message.length).toBeLessThanOrEqual(1024);
  expect(violations.length).toBeGreaterThan(10);
  expect(violations[0]?.field).toBe("columns[0].type");
  expect(violations.at(-1)?.description).toBe(`${5000 - violations.length + 1} more`);
});

test("an unknown error keeps its details to the server's log", async () => {
  const lines: string[] = [];
  const telemetry = {
    ...nullTelemetry(),
    log: {
      ...nullTelemetry().log,
      error: (...line: unknown[]) => lines.push(JSON.stringify(line)),
    },
  };
  const fail = () => {
    throw new Error("password is swordfish");
  };
  const { client } = await serveBlobs(
    { statBlob: async () => fail(), downloadBlob: fail, uploadBlob: fail },
    { telemetry },
  );
  const errors = await Promise.all([
    rejection(client.statBlob({})),
    rejection(client.uploadBlob([{}])),
    rejection(Array.fromAsync(client.downloadBlob({}))),
  ]);
  for (const error of errors)
    expect(error).toMatchObject({ code: "internal", message: "internal error", metadata: {} });
  expect(lines).toHaveLength(3);
  expect(lines[0]).toContain("password is swordfish");
  expect(lines.join()).toContain("amaas.registry.v1.Blobs/StatBlob");
});

test("an answer that cannot be encoded is the server's fault", async () => {
  const { client } = await serveBlobs({ statBlob: async () => ({ exists: true, bytes: -1 }) });
  expect(await rejection(client.statBlob({}))).toMatchObject({ code: "internal" });
  const fine = await client.uploadBlob([]);
  expect(fine.bytes).toBe(0);
});

test("a request that cannot be encoded is the caller's", async () => {
  const { client } = await serveBlobs();
  const message = expect.stringContaining("cannot be sent");
  expect(await rejection(client.downloadBlob({ offset: -1 }).next())).toMatchObject({
    code: "invalid-argument",
    message,
  });
  const bad = { metadata: { name: "line\nbreak" } };
  expect(await rejection(client.statBlob({}, bad))).toMatchObject({ code: "invalid-argument" });
});

test("the context knows caller, deadline and metadata", async () => {
  let seen: Context | undefined;
  const { client } = await serveBlobs({
    async statBlob(_request, context) {
      seen = context;
      return { exists: true, bytes: 0 };
    },
  });
  const before = Date.now();
  await client.statBlob({}, { deadlineMs: 5000, metadata: { "x-team": "vision" } });
  expect(seen?.metadata("x-team")).toBe("vision");
  expect(seen?.metadata("x-other")).toBeUndefined();
  expect(seen?.peer).toMatch(/^127\.0\.0\.1:\d+$/);
  expect(Math.abs((seen?.deadline ?? 0) - before - 5000)).toBeLessThan(1000);
  expect(seen?.signal.aborted).toBe(false);
});

test("the trace goes on across the wire and inside handlers", async () => {
  const { tracer } = nullTelemetry();
  const seen: (string | undefined)[] = [];
  const { client } = await serveBlobs({
    async statBlob(_request, context) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      seen.push(context.traceparent, tracer.context());
      return { exists: true, bytes: 0 };
    },
    async *downloadBlob(_request, context) {
      yield { chunk: new Uint8Array() };
      seen.push(context.traceparent, tracer.context());
    },
  });
  const root = tracer.reserve();
  await client.statBlob({}, { traceparent: root });
  await tracer.with(root, () => Array.fromAsync(client.downloadBlob({})));
  expect(seen).toHaveLength(4);
  expect(new Set(seen.map(traceIdOf))).toEqual(new Set([traceIdOf(root)]));
  expect(seen[0]).toBe(seen[1]);
  expect(seen[0]).not.toBe(root);
});

test("handlers are total: a missing or mistyped one does not compile", () => {
  type Blobs = Handlers<typeof BlobsDefinition>;
  const statBlob: Blobs["statBlob"] = async () => ({ exists: false, bytes: 0 });
  // @ts-expect-error uploadBlob and downloadBlob are missing
  implement(BlobsDefinition, { statBlob });
  // @ts-expect-error bytes is a number
  const wrong: Blobs["statBlob"] = async () => ({ exists: false, bytes: "0" });
  expect(wrong).toBeDefined();
});
