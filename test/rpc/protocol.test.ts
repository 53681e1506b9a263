/** The server as HTTP/2 sees it: peers that keep the rules in their own way, and peers that do not. */
import { once } from "node:events";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
} from "node:http2";
import { deflateSync, gzipSync } from "node:zlib";
import {
  StatBlobRequest,
  StatBlobResponse,
  UploadBlobRequest,
} from "@amaas/proto/amaas/registry/v1/blobs";
import { expect, onTestFinished, test } from "vitest";
import { type BlobHandlers, eventually, serveBlobs } from "./stage.ts";

const statBlob = "/amaas.registry.v1.Blobs/StatBlob";
const uploadBlob = "/amaas.registry.v1.Blobs/UploadBlob";

async function session(
  handlers: Partial<BlobHandlers> = {},
  options: Parameters<typeof serveBlobs>[1] = {},
): Promise<ClientHttp2Session> {
  const { address } = await serveBlobs(handlers, options);
  const client = connect(`http://${address}`);
  client.on("error", () => {});
  onTestFinished(() => client.destroy());
  await once(client, "connect");
  return client;
}

function open(
  client: ClientHttp2Session,
  path = statBlob,
  headers: Record<string, string> = {},
): ClientHttp2Stream {
  return client.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
    ...headers,
  });
}

interface Answer {
  readonly headers: IncomingHttpHeaders;
  /** Of the trailers, or of the headers where there are no others. */
  readonly status: string | undefined;
  readonly message: string;
  readonly body: Buffer;
}

async function answerTo(stream: ClientHttp2Stream): Promise<Answer> {
  const chunks: Buffer[] = [];
  let headers: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders = {};
  stream.on("response", (received) => {
    headers = received;
  });
  stream.on("trailers", (received) => {
    trailers = received;
  });
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(stream, "close");
  const all = { ...headers, ...trailers };
  return {
    headers,
    status: all["grpc-status"] as string | undefined,
    message: decodeURI(String(all["grpc-message"] ?? "")),
    body: Buffer.concat(chunks),
  };
}

function frame(bytes: Uint8Array, flag = 0): Buffer {
  const head = Buffer.from([flag, 0, 0, 0, 0]);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

const request = (digest: string) => StatBlobRequest.encode({ digest }).finish();
const sizeIn = ({ body }: Answer) => StatBlobResponse.decode(body.subarray(5)).bytes;

test("a request may come byte by byte", async () => {
  const stream = open(await session());
  for (const byte of frame(request("abc"))) {
    stream.write(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  stream.end();
  const answer = await answerTo(stream);
  expect(answer).toMatchObject({
    status: "0",
    headers: { "content-type": "application/grpc+proto" },
  });
  expect(sizeIn(answer)).toBe(3);
});

test("compressed requests are taken, and plain ones among them", async () => {
  const client = await session();
  const plain = request("abcd");
  for (const [encoding, bytes, flag] of [
    ["gzip", gzipSync(plain), 1],
    ["deflate", deflateSync(plain), 1],
    ["gzip", plain, 0],
  ] as const) {
    const stream = open(client, statBlob, { "grpc-encoding": encoding });
    stream.end(frame(bytes, flag));
    expect(sizeIn(await answerTo(stream))).toBe(4);
  }
});

test("compressed messages of a stream stay in their order, before its end", async () => {
  const seen: number[] = [];
  const client = await session({
    async uploadBlob(requests) {
      for await (const { chunk } of requests) seen.push(chunk.length);
      return { digest: "", bytes: seen.length };
    },
  });
  const chunk = (bytes: number) => {
    const { encode, fromPartial } = UploadBlobRequest;
    return encode(fromPartial({ chunk: new Uint8Array(bytes) })).finish();
  };
  const stream = open(client, uploadBlob, { "grpc-encoding": "gzip" });
  for (const [bytes, squeezed] of [
    [70_000, true],
    [1, false],
    [50_000, true],
    [2, false],
  ] as const)
    stream.write(squeezed ? frame(gzipSync(chunk(bytes)), 1) : frame(chunk(bytes)));
  stream.end();
  expect((await answerTo(stream)).status).toBe("0");
  expect(seen).toEqual([70_000, 1, 50_000, 2]);
});

test("what breaks the rules is refused with its reason, and harms no other call", async () => {
  const client = await session({}, { maxReceiveBytes: 1000 });
  const cases: [bytes: Buffer, headers: Record<string, string>, status: string, message: string][] =
    [
      [frame(Buffer.alloc(1001)), {}, "8", "messages of up to 1000 bytes are taken, found 1001"],
      [Buffer.from("00ffffffff", "hex"), {}, "8", "found 4294967295"],
      [frame(gzipSync(Buffer.alloc(100_000)), 1), { "grpc-encoding": "gzip" }, "8", "found more"],
      [
        frame(Buffer.from("no gzip"), 1),
        { "grpc-encoding": "gzip" },
        "13",
        "the message is not gzip",
      ],
      [frame(request("a"), 1), { "grpc-encoding": "zstd" }, "12", "found zstd"],
      [frame(request("a"), 1), {}, "13", "said to be compressed, but not how"],
      [frame(request("a")).subarray(0, 6), {}, "1", "left in the middle of a message"],
      [Buffer.alloc(3), {}, "1", "left in the middle of a message"],
      [frame(request("a")), { "grpc-timeout": "soon" }, "13", "the grpc-timeout is not a timeout"],
      [Buffer.alloc(0), {}, "12", "expected one request, found none"],
    ];
  for (const [bytes, headers, status, message] of cases) {
    const stream = open(client, statBlob, headers);
    stream.end(bytes);
    const answer = await answerTo(stream);
    expect([answer.status, answer.message]).toEqual([status, expect.stringContaining(message)]);
  }
  const stream = open(client);
  stream.end(frame(request("ab")));
  expect(sizeIn(await answerTo(stream))).toBe(2);
});

test("what is no gRPC is answered in HTTP", async () => {
  const client = await session();
  const json = open(client, statBlob, { "content-type": "application/json" });
  json.end("{}");
  expect((await answerTo(json)).headers[":status"]).toBe(415);
  const get = client.request({ ":method": "GET", ":path": "/" });
  expect((await answerTo(get)).headers[":status"]).toBe(405);
});

test("metadata is read by name, bytes as base64 with their padding", async () => {
  const seen: (string | undefined)[] = [];
  const client = await session({
    async statBlob(_request, context) {
      seen.push(context.metadata("Plain"), context.metadata("some-bin"), context.metadata("none"));
      return { exists: true, bytes: 0 };
    },
  });
  const stream = open(client, statBlob, { plain: "a b", "some-bin": "AQ,Ag" });
  stream.end(frame(request("")));
  expect((await answerTo(stream)).status).toBe("0");
  expect(seen).toEqual(["a b", "AQ==", undefined]);
});

test("a connection that has grown old is asked to go, and its calls are answered", async () => {
  const begun: string[] = [];
  const finish = Promise.withResolvers<void>();
  const client = await session(
    {
      async statBlob({ digest }) {
        begun.push(digest);
        await finish.promise;
        return { exists: true, bytes: 7 };
      },
    },
    { maxConnectionAgeMs: 300 },
  );
  const stream = open(client);
  stream.end(frame(request("last")));
  await eventually(() => begun.length === 1);
  await once(client, "goaway");
  finish.resolve();
  expect(sizeIn(await answerTo(stream))).toBe(7);
  await eventually(() => client.closed);
});

test("a caller that resets its call in the middle of a message is gone, and leaves nothing", async () => {
  let reason: unknown;
  const client = await session({
    async uploadBlob(requests, { signal }) {
      signal.addEventListener("abort", () => {
        reason = signal.reason;
      });
      for await (const _ of requests);
      return { digest: "", bytes: 0 };
    },
  });
  const stream = open(client, uploadBlob);
  stream.on("error", () => {});
  stream.write(frame(Buffer.alloc(1000)).subarray(0, 100));
  await new Promise((resolve) => setTimeout(resolve, 50));
  stream.close(8);
  await eventually(() => reason !== undefined);
  expect(reason).toMatchObject({ code: "cancelled" });
});
