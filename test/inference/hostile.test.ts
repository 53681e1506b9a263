/**
 * gRPC among peers who mean harm or break down: each gets an error that says so or is cut off, the replica
 * keeps its memory, and whoever asks well meanwhile is answered.
 */
import { readFile } from "node:fs/promises";
import { constants } from "node:http2";
import { connect, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { GRPCInferenceServiceDefinition } from "@amaas/proto/inference/grpc_service";
import { type Client, createClient } from "@amaas/rpc";
import { nullTelemetry } from "@amaas/telemetry";
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { type InferenceProcess, startInferenceProcess } from "./inference-process.ts";
import { firstOf, row } from "./inference-server.ts";
import { type ModelFolder, modelFolder } from "./model-folder.ts";
import { scaling } from "./models.ts";
import { frame, inferFrame, outcomeOf, type RawClient, rawClient, service } from "./raw-client.ts";

const timeout = 120_000;
const mebibyte = 2 ** 20;
const infer = `${service}/ModelInfer`;
const stream = `${service}/ModelStreamInfer`;
const [invalid, exhausted] = [3, 8];

let models: ModelFolder;
let replica: InferenceProcess;
/** Asks well. */
let client: Client<typeof GRPCInferenceServiceDefinition>;
let restingBytes: number;

beforeAll(async () => {
  models = await modelFolder();
  await models.put("double/1/model.onnx", scaling(2));
  replica = await startInferenceProcess({ AMAAS_MODEL_REPOSITORY: models.path });
  client = createClient(GRPCInferenceServiceDefinition, replica.grpc, {
    telemetry: nullTelemetry(),
    retry: false,
  });
  for (let asked = 0; asked < 500; asked++) await ask();
  restingBytes = await residentBytes();
}, timeout);

afterAll(async () => {
  client?.close();
  await replica?.stop();
  await models?.close();
});

/** Whatever was done to it, it answers, is busy with nothing, and has not grown much. */
afterEach(async () => {
  await ask();
  await vi.waitFor(async () => expect(await callsInFlight()).toBe(0), { timeout: 20_000 });
  expect((await residentBytes()) - restingBytes).toBeLessThan(200 * mebibyte);
}, timeout);

async function ask(): Promise<void> {
  expect(firstOf(await client.modelInfer(row("double", 21), { deadlineMs: 30_000 }))).toBe(42);
}

async function residentBytes(): Promise<number> {
  const status = await readFile(`/proc/${replica.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) * 1024;
}

async function callsInFlight(): Promise<number> {
  const text = await (await fetch(`http://${replica.http}/metrics`)).text();
  const samples = text.matchAll(/^amaas_rpc_server_calls_in_flight\{[^}]*\} (\d+)/gm);
  return [...samples].reduce((sum, [, value]) => sum + Number(value), 0);
}

function stranger(): RawClient {
  const raw = rawClient(replica.grpc);
  onTestFinished(() => raw.close());
  return raw;
}

const good = inferFrame(row("double", 1));

test("a message that says it is too large is refused before it has come", async () => {
  const outcome = await stranger().send(infer, frame(new Uint8Array(100), 2 ** 31));
  expect(outcome).toMatchObject({
    code: exhausted,
    message: expect.stringContaining("found 2147483648"),
  });
});

test("messages just below the limit, many at once, are refused or answered and then forgotten", async () => {
  const raw = stranger();
  const size = 16 * mebibyte;
  const shape = [BigInt(size / 16), 4n];
  const inputs = [{ name: "x", datatype: "FP32", shape }];
  const large = inferFrame({
    ...{ modelName: "double", inputs },
    // One byte short: to be refused when all of it has come.
    rawInputContents: [new Uint8Array(size - 1)],
  });
  for (let round = 0; round < 5; round++) {
    const sent = await Promise.all([1, 2, 3].map(() => raw.send(infer, large)));
    for (const { code, message } of sent) {
      expect(code).toBe(invalid);
      expect(message).toContain(`Expected ${size}, got ${size - 1}`);
    }
    await ask();
  }
}, 60_000);

test("a message that becomes too large when it is unpacked is refused", async () => {
  const packed = Buffer.from(frame(gzipSync(new Uint8Array(300 * mebibyte))));
  packed[0] = 1;
  const outcome = await stranger().send(infer, packed, { "grpc-encoding": "gzip" });
  expect(outcome.code).toBe(exhausted);
}, 60_000);

test.each([
  ["nothing", new Uint8Array()],
  ["less than it says", frame(new Uint8Array(10), 100)],
  ["half a frame's head", new Uint8Array(3)],
  ["what is no message", frame(Uint8Array.of(0xff, 0xff, 0xff, 0xff))],
  ["groups in groups in groups", frame(new Uint8Array(1_000_000).fill(0x0b))],
  ["two messages for one", Buffer.concat([good, good])],
])("who sends %s is told so", async (_, bytes) => {
  const outcome = await stranger().send(infer, bytes);
  expect(outcome.code).toBeGreaterThan(0);
  expect(outcome.message).not.toBe("");
});

test(
  "numbers that are none are computed with like others",
  async () => {
    const raw = stranger();
    const flood = Buffer.concat(Array.from({ length: 2000 }, () => inferFrame(row("double", NaN))));
    const { code, replies } = await raw.send(stream, flood);
    expect(code).toBe(0);
    expect(replies).toHaveLength(2000);
  },
  timeout,
);

test(
  "a caller who sends and does not read holds up nobody but itself",
  async () => {
    const raw = stranger();
    const call = raw.open(stream);
    call.on("error", () => {});
    call.pause();
    const shape = [4096n, 4n];
    const much = inferFrame({
      ...{ modelName: "double", inputs: [{ name: "x", datatype: "FP32", shape }] },
      rawInputContents: [new Uint8Array(4096 * 16)],
    });
    let sent = 0;
    const more = () => {
      while (sent < 20_000 && !call.destroyed) {
        sent += 1;
        if (!call.write(much)) return void call.once("drain", more);
      }
    };
    more();
    let before = -1;
    await vi.waitFor(
      () => {
        const still = sent === before;
        before = sent;
        expect(still).toBe(true);
      },
      { timeout: 60_000, interval: 1000 },
    );
    expect(sent).toBeLessThan(20_000);
    for (let asked = 0; asked < 20; asked++) await ask();
    call.close(constants.NGHTTP2_CANCEL);
  },
  timeout,
);

test(
  "ten thousand calls on one connection are let in as many at a time as there may be",
  async () => {
    const raw = stranger();
    let refused = 0;
    for (let opened = 0; opened < 10_000; opened++) {
      const call = raw.open(stream);
      call.on("error", () => {
        refused += 1;
      });
      call.write(good);
    }
    await vi.waitFor(async () => expect(await callsInFlight()).toBeGreaterThan(1000), {
      timeout: 60_000,
      interval: 200,
    });
    for (let asked = 0; asked < 20; asked++) await ask();
    expect(await callsInFlight()).toBeLessThanOrEqual(1024);
    expect(refused).toBe(0);
    raw.close();
  },
  timeout,
);

test(
  "calls that are taken back as soon as they are made cost the caller its connection at most",
  async () => {
    const raw = stranger();
    for (let made = 0; made < 20_000 && !raw.session.destroyed; made++) {
      const call = raw.open(infer);
      call.on("error", () => {});
      call.write(good);
      call.close(constants.NGHTTP2_CANCEL);
      if (made % 500 === 0) await ask();
    }
  },
  timeout,
);

test.each([
  ["many", Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`x-${at}`, "value"]))],
  ["large", { "x-large": "v".repeat(mebibyte) }],
])("%s headers are refused", async (_, headers) => {
  const raw = stranger();
  const call = raw.open(infer, headers);
  const outcome = outcomeOf(call);
  call.end(good);
  expect((await outcome).code).not.toBe(0);
});

test(
  "an unending head is cut off",
  async () => {
    const socket = await speak();
    // HEADERS without END_HEADERS, and after it nothing but CONTINUATION.
    socket.write(http2Frame(1, 0, 1, Uint8Array.of(0x83)));
    const more = http2Frame(9, 0, 1, Buffer.alloc(16_384, 0x40));
    const sending = setInterval(() => {
      for (let at = 0; at < 100 && socket.writable; at++) socket.write(more);
    }, 1);
    await closed(socket);
    clearInterval(sending);
  },
  timeout,
);

test(
  "connections on which nobody answers any more are closed",
  async () => {
    const silent = await Promise.all(
      Array.from({ length: 100 }, async (_, at) => {
        const socket = at % 2 === 0 ? await speak() : await open();
        // What comes is taken from the wire, but not a ping is answered.
        socket.resume();
        return closed(socket);
      }),
    );
    expect(silent).toHaveLength(100);
  },
  timeout,
);

async function open(): Promise<Socket> {
  const [host = "", port] = replica.grpc.split(":");
  const socket = connect(Number(port), host);
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("connect", resolve));
  return socket;
}

/** Begins as an HTTP/2 client does. */
async function speak(): Promise<Socket> {
  const socket = await open();
  socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  socket.write(http2Frame(4, 0, 0, new Uint8Array()));
  return socket;
}

function closed(socket: Socket): Promise<void> {
  socket.resume();
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

function http2Frame(type: number, flags: number, id: number, payload: Uint8Array): Uint8Array {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.byteLength, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(id, 5);
  return Buffer.concat([head, payload]);
}
