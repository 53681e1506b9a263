/** Who may use the memory of large messages, and when. */
import { once } from "node:events";
import { type ClientHttp2Session, connect } from "node:http2";
import {
  type ExchangeRequest,
  type ExchangeResponse,
  ParameterServerDefinition,
} from "@amaas/proto/amaas/parameter_server/v1/parameter_server";
import { BlobsDefinition } from "@amaas/proto/amaas/registry/v1/blobs";
import { implement, release } from "@amaas/rpc";
import { expect, test, vi } from "vitest";
import { blobs, serve, serveExchange } from "./stage.ts";

const size = 600_000;

function request(version: number, gradient: Uint8Array): ExchangeRequest {
  const value = {
    version,
    level: 0,
    index: 0,
    chunk: 0,
    samples: 1,
    values: [],
    gradient,
    guidance: undefined,
    squares: undefined,
  };
  return { message: { $case: "contribution", value } };
}

function response(version: number, values: Uint8Array): ExchangeResponse {
  return {
    message: { $case: "weights", value: { version, chunk: 0, values, squares: undefined } },
  };
}

/** One buffer, written anew for each message. */
async function* reused<T>(messages: number, wrap: (version: number, bytes: Uint8Array) => T) {
  const buffer = new Uint8Array(size);
  for (let version = 0; version < messages; version++) yield wrap(version, buffer.fill(version));
  buffer.fill(255);
}

/** All of them the byte that the version says. */
function isWhole(bytes: Uint8Array, version: number): boolean {
  return bytes.byteLength === size && bytes.every((byte) => byte === version);
}

test("a buffer is its producer's again when the next message is wanted, both ways", async () => {
  const whole: boolean[] = [];
  const { client } = await serveExchange(async function* (requests) {
    for await (const { message } of requests) {
      if (message?.$case !== "contribution") continue;
      const { version, gradient } = message.value;
      whole.push(isWhole(gradient, version));
      release(gradient);
    }
    yield* reused(40, response);
  });
  for await (const { message } of client.exchange(reused(40, request))) {
    if (message?.$case !== "weights") continue;
    const { version, values } = message.value;
    whole.push(isWhole(values, version));
    release(values);
  }
  expect(whole).toEqual(Array(80).fill(true));
});

test("what has been released is empty, and a small message is not released", async () => {
  const { client } = await serveExchange(async function* () {
    yield response(1, new Uint8Array(size));
    yield response(2, new Uint8Array(100));
  });
  const sizes: number[] = [];
  for await (const { message } of client.exchange((async function* () {})())) {
    if (message?.$case !== "weights") continue;
    release(message.value.values);
    sizes.push(message.value.values.byteLength);
  }
  expect(sizes).toEqual([0, 100]);
});

test("calls that are cut off in the middle of their messages leave those of others whole", async () => {
  const faults: string[] = [];
  const { client } = await serveExchange(async function* (requests) {
    let left = 3;
    for await (const { message } of requests) {
      if (message?.$case !== "contribution") continue;
      const { version, gradient } = message.value;
      if (!isWhole(gradient, version)) faults.push(`request ${version}`);
      yield response(version, gradient);
      release(gradient);
      left -= 1;
      if (left === 0) return;
    }
  });
  const call = async (answers: number) => {
    let got = 0;
    for await (const { message } of client.exchange(reused(30, request))) {
      if (message?.$case !== "weights") continue;
      if (!isWhole(message.value.values, message.value.version))
        faults.push(`response ${message.value.version}`);
      release(message.value.values);
      got += 1;
      if (got === answers) break;
    }
  };
  // Some end by the server, some by the caller, several at a time on one connection.
  for (let round = 0; round < 8; round++) await Promise.all([1, 2, 3, 4].map(call));
  expect(faults).toEqual([]);
});

function open(session: ClientHttp2Session, path: string) {
  const stream = session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
  });
  return stream.on("error", () => {});
}

/** A unary call of nothing. */
function call(session: ClientHttp2Session, path: string) {
  return open(session, path).end(Buffer.alloc(5));
}

test("an answer that its caller cuts off is not given back while it may be on its way", async () => {
  const { exchange } = ParameterServerDefinition.methods;
  const unary = { ...exchange, requestStream: false, responseStream: false } as const;
  const definition = { ...ParameterServerDefinition, methods: { exchange: unary } } as const;
  const large = 32 * 2 ** 20;
  const { address } = await serve([
    implement(definition, { exchange: async () => response(1, new Uint8Array(large)) }),
  ]);
  const path = `/${definition.fullName}/${exchange.name}`;
  const session = connect(`http://${address}`);
  const givenBack = vi.spyOn(ArrayBuffer.prototype, "transfer");
  const ofAnswers = () => givenBack.mock.calls.filter(([bytes]) => bytes === 0).length;
  try {
    // From the second large one on, answers are put together where they leave from.
    for (let answers = 0; answers < 2; answers++) await once(call(session, path).resume(), "end");
    await vi.waitFor(() => expect(ofAnswers()).toBe(1));

    const cut = call(session, path);
    await once(cut, "data");
    cut.close(8);
    // The server knows of it when it has answered what came behind.
    await once(call(session, "/no/such").resume(), "end");
    await once(call(session, "/no/such").resume(), "end");
    expect(ofAnswers()).toBe(1);
  } finally {
    givenBack.mockRestore();
    session.destroy();
  }
});

test("messages that are begun and not ended take no more memory than they may together", async () => {
  const { address } = await serve([blobs()], { maxUnfinishedBytes: 320_000 });
  const session = connect(`http://${address}`);
  const path = `/${BlobsDefinition.fullName}/${BlobsDefinition.methods.statBlob.name}`;
  const begun = Buffer.alloc(100_005);
  begun.writeUInt32BE(200_000, 1);
  const statusOf = async (stream: ReturnType<typeof open>) => {
    const [headers] = await once(stream, "response");
    return headers["grpc-status"] as string | undefined;
  };
  try {
    const streams = Array.from({ length: 8 }, () => open(session, path));
    const refused = new Map<(typeof streams)[number], unknown>();
    for (const stream of streams) {
      stream.once("response", (headers) => refused.set(stream, headers["grpc-status"]));
      stream.write(begun);
    }
    await vi.waitFor(() => expect(refused.size).toBe(5), 20_000);
    expect([...refused.values()]).toEqual(Array(5).fill("8"));

    // A small message needs none of that memory, and those who leave give it back.
    const small = call(session, path).resume();
    expect(await statusOf(small)).toBeUndefined();
    for (const stream of streams) if (!refused.has(stream)) stream.close(8);
    const whole = open(session, path);
    whole.end(Buffer.concat([begun, Buffer.alloc(100_000)]));
    expect(await statusOf(whole)).not.toBe("8");
  } finally {
    session.destroy();
  }
});
