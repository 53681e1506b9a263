/** REST among peers who mean harm, break down, are slow or leave; and how it stops. */
import { mkdtemp, rm } from "node:fs/promises";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type RegistryServer, startRegistryServer } from "../registry/registry-server.ts";
import { crowd } from "./crowd.ts";
import { type InferenceServer, startInferenceServer } from "./inference-server.ts";
import { scaling, slow } from "./models.ts";
import { type Rest, rawSocket, restClient, withBinary } from "./rest-client.ts";

const mebibyte = 2 ** 20;
const restLimits = {
  bodyBytes: 4 * mebibyte,
  jsonBytes: mebibyte / 2,
  heldBytes: 8 * mebibyte,
  connections: 100,
  headersMs: 500,
  requestMs: 1_000,
  stalledMs: 500,
};

let folder: string;
let registry: RegistryServer;
let inference: InferenceServer;
let ask: Rest;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "amaas-rest-hostile-"));
  registry = await startRegistryServer({ folder });
  for (const [model, bytes] of Object.entries({ double: scaling(2), slow: slow() }))
    await registry.publish(model, bytes);
  inference = await start();
  ask = restClient(inference.rest);
}, 60_000);

afterAll(async () => {
  await inference?.stop();
  await registry?.stop();
  await rm(folder, { recursive: true });
});

async function start(limits = restLimits): Promise<InferenceServer> {
  const env = { AMAAS_INFERENCE_QUEUE: "3" };
  const server = await startInferenceServer({
    folder,
    registryAddress: registry.address,
    env,
    restLimits: limits,
  });
  for (const model of ["double", "slow"]) await server.serves(model, 1);
  return server;
}

const patience = { timeout: 20_000, interval: 1 };
const path = "/v2/models/double/infer";
const row = { name: "x", datatype: "FP32", shape: [1, 4], data: [1, 2, 3, 4] };
const head = (...lines: string[]) =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\n${lines.join("\r\n")}\r\n\r\n`;

/** Whatever happened to others, whoever asks well is answered, and nothing is left behind. */
async function isWell(): Promise<void> {
  const answer = await ask(path, { body: { inputs: [row], outputs: [{ name: "y" }] } });
  expect(answer.json().outputs[0].data).toEqual([2, 4, 6, 8]);
  await vi.waitFor(async () => expect(await active()).toBe(0), patience);
}

const active = () => inference.metric("http_server_active_requests");

describe("who is too slow is given up", () => {
  test.each([
    ["sending a head", "POST /v2 HTTP/1.1\r\nHost: x\r\nX-Slow: "],
    ["sending a body", head("Content-Length: 100")],
    ["sending chunks", `${head("Transfer-Encoding: chunked")}3\r\n{"i\r\n`],
  ])("in %s", async (_, beginning) => {
    const { write, closed } = await rawSocket(inference.rest);
    write(beginning);
    const drip = setInterval(() => write("1"), 50);
    await closed;
    clearInterval(drip);
    await isWell();
  });

  test("in reading answers", async () => {
    const rows = 20_000;
    const x = {
      ...row,
      shape: [rows, 4],
      data: undefined,
      parameters: { binary_data_size: rows * 16 },
    };
    const request = { inputs: [x], parameters: { binary_data_output: true } };
    const { body, headers } = withBinary(request, new Float32Array(rows * 4));
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    const { socket, closed } = await rawSocket(inference.rest);
    socket.pause();
    // More answers than the system's buffers hold.
    for (let time = 0; time < 60; time++) {
      socket.write(head(`Content-Length: ${body.byteLength}`, ...lines));
      socket.write(body);
    }
    await vi.waitFor(async () => expect(await active()).toBeGreaterThan(0), patience);
    await vi.waitFor(async () => expect(await active()).toBe(0), patience);
    // What has come is read; the rest never comes.
    socket.resume();
    await closed;
    await isWell();
  });
});

describe("who sends too much is refused before it is read", () => {
  const tooLarge = (bytes: number) => head(`Content-Length: ${bytes}`);

  test("by the length that is declared", async () => {
    const { write, said, closed } = await rawSocket(inference.rest);
    write(tooLarge(10 ** 9));
    await closed;
    expect(said()).toMatch(
      /^HTTP\/1.1 413 .*the JSON has 1000000000 bytes or more, of at most 524288; send tensors as binary/s,
    );
  });

  test("by one who waits for leave to go on", async () => {
    const { write, said, closed } = await rawSocket(inference.rest);
    write(head("Content-Length: 1000000000", "Expect: 100-continue"));
    await closed;
    expect(said()).toMatch(/^HTTP\/1.1 413 /);

    const good = await rawSocket(inference.rest);
    const body = JSON.stringify({ inputs: [row] });
    good.write(head(`Content-Length: ${body.length}`, "Expect: 100-continue"));
    await vi.waitFor(() => expect(good.said()).toBe("HTTP/1.1 100 Continue\r\n\r\n"), patience);
    good.write(body);
    await vi.waitFor(() => expect(good.said()).toContain('"data":[2,4,6,8]'), patience);
    good.socket.destroy();
  });

  test("in chunks without an end", async () => {
    const { socket, said, closed } = await rawSocket(inference.rest);
    socket.write(head("Transfer-Encoding: chunked"));
    const chunk = `10000\r\n${" ".repeat(0x10000)}\r\n`;
    let open = true;
    void closed.then(() => {
      open = false;
    });
    while (open) {
      socket.write(chunk);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(said()).toMatch(/^HTTP\/1.1 413 /);
    await isWell();
  });

  test("in chunks of a byte, each of which takes far more than that", async () => {
    const { socket, said, closed } = await rawSocket(inference.rest);
    socket.write(head("Transfer-Encoding: chunked"));
    const bytes = Math.ceil(restLimits.heldBytes / 257) + 1;
    expect(bytes).toBeLessThan(restLimits.jsonBytes);
    socket.write("1\r\n \r\n".repeat(bytes));
    await closed;
    expect(said()).toMatch(/^HTTP\/1.1 429 /);
    await isWell();
  });

  test("packed small", async () => {
    const body = gzipSync(Buffer.alloc(64 * mebibyte, " "));
    expect(body.byteLength).toBeLessThan(restLimits.jsonBytes);
    const answer = await ask(path, { body, headers: { "content-encoding": "gzip" } });
    expect(answer.status).toBe(413);
    const json = gzipSync(Buffer.alloc(mebibyte, " "));
    expect((await ask(path, { body: json, headers: { "content-encoding": "gzip" } })).status).toBe(
      413,
    );
    const broken = await ask(path, {
      body: body.subarray(0, 99),
      headers: { "content-encoding": "gzip" },
    });
    expect(broken.status).toBe(400);
  });

  test("by many together", async () => {
    const size = 3 * mebibyte;
    const { headers } = withBinary({});
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    // On a busy machine it may take a while until they have sent all that.
    const server = await start({ ...restLimits, requestMs: 60_000 });
    const sockets = await Promise.all(Array.from({ length: 5 }, () => rawSocket(server.rest)));
    for (const { write } of sockets) {
      write(head(`Content-Length: ${size + 2}`, ...lines));
      write(Buffer.alloc(size));
    }
    await vi.waitFor(
      () =>
        expect(sockets.filter(({ said }) => said().startsWith("HTTP/1.1 429"))).not.toHaveLength(0),
      patience,
    );
    for (const { socket } of sockets) socket.destroy();
    const held = () => server.metric("http_server_active_requests");
    await vi.waitFor(async () => expect(await held()).toBe(0), patience);
    const whole = withBinary({}, new Uint8Array(size));
    expect((await restClient(server.rest)(path, whole)).json().error).toContain("'inputs'");
    await server.stop();
  });

  test("heads, and connections", async () => {
    const { write, said, closed } = await rawSocket(inference.rest);
    write(`GET /v2 HTTP/1.1\r\nX: ${"x".repeat(20_000)}\r\n\r\n`);
    await closed;
    expect(said()).toMatch(/^HTTP\/1.1 431 /);

    const many = await Promise.all(Array.from({ length: 110 }, () => rawSocket(inference.rest)));
    const first = await Promise.race(many.map(({ closed }) => closed.then(() => "closed")));
    expect(first).toBe("closed");
    for (const { socket } of many) socket.destroy();
    await Promise.all(many.map(({ closed }) => closed));
    await isWell();
  });
});

describe("who lies is refused", () => {
  test.each([
    ["a head longer than the body", "100000", /inference header size should be in range/],
    [
      "a head of less than nothing",
      "-1",
      /Unable to parse Inference-Header-Content-Length, got: -1/,
    ],
    ["a head of no number", "1e3", /Unable to parse Inference-Header-Content-Length/],
    ["a head that ends in the middle", "10", /failed to parse the inference request as JSON/],
  ])("%s", async (_, length, error) => {
    const { body } = withBinary({ inputs: [row] });
    const answer = await ask(path, {
      body,
      headers: { "inference-header-content-length": length },
    });
    expect([answer.status, answer.json().error]).toEqual([400, expect.stringMatching(error)]);
  });

  test.each([
    ["more elements than there is memory", { ...row, shape: [2 ** 40], data: [1] }],
    ["more dimensions than make sense", { ...row, shape: Array(10_000).fill(2 ** 50), data: [1] }],
    ["a negative size", { ...row, parameters: { binary_data_size: -4 }, data: undefined }],
    [
      "a size beyond the body",
      { ...row, parameters: { binary_data_size: 2 ** 52 }, data: undefined },
    ],
    ["names that are not", { ...row, name: { toString: 1 } }],
    [
      "prototypes",
      JSON.parse(
        `{"__proto__":{"data":[1]},"name":"x","datatype":"__proto__","shape":[1],"data":[1]}`,
      ),
    ],
  ])("%s", async (_, input) => {
    expect((await ask(path, { body: { inputs: [input] } })).status).toBe(400);
    await isWell();
  });

  test("JSON that is deeper than any stack", async () => {
    const deep = `{"inputs":[{"name":"x","datatype":"INT64","shape":[1],"data":${"[".repeat(200_000)}1${"]".repeat(200_000)}}]}`;
    const answer = await ask(path, { body: deep });
    expect([answer.status, answer.json().error]).toEqual([
      400,
      expect.stringContaining("128 levels"),
    ]);
    await isWell();
  });

  test("two lengths of one body", async () => {
    const { write, said, closed } = await rawSocket(inference.rest);
    write(`${head("Content-Length: 5", "Transfer-Encoding: chunked")}0\r\n\r\n`);
    await closed;
    expect(said()).toMatch(/^HTTP\/1.1 400 /);
  });
});

/** A run of some tenths of a second. */
const rows = 300;
const { body: work, headers: workHeaders } = withBinary(
  {
    inputs: [
      {
        name: "x",
        datatype: "FP32",
        shape: [rows, 512],
        parameters: { binary_data_size: rows * 2048 },
      },
    ],
    parameters: { binary_data_output: true },
  },
  new Float32Array(rows * 512),
);

function run(headers: Readonly<Record<string, string>> = {}, signal?: AbortSignal, rest = ask) {
  return rest("/v2/models/slow/infer", {
    body: work,
    headers: { ...workHeaders, ...headers },
    ...(signal ? { signal } : {}),
  });
}

const runs = () => inference.metric("nv_inference_exec_count");
const pending = () => inference.metric("nv_inference_pending_request_count");

const others = (size: number) => crowd(size, async () => (await run()).status === 200);

describe("who does not wait is not computed for", () => {
  test("who hangs up", async () => {
    const before = await runs();
    const busy = others(3);
    await vi.waitFor(async () => expect(await pending()).toBe(2), patience);
    const leaving = new AbortController();
    const waiting = run({}, leaving.signal);
    await vi.waitFor(async () => expect(await pending()).toBe(3), patience);
    leaving.abort();
    await expect(waiting).rejects.toThrow();
    const answered = await busy.leave();
    expect((await runs()) - before).toBe(answered);
    await isWell();
  });

  test("whose time is up: 504, or 429 where that is known before", async () => {
    const before = await runs();
    const busy = others(2);
    await vi.waitFor(async () => expect(await pending()).toBe(1), patience);
    const hurried = await run({ "amaas-timeout-ms": "20" });
    expect([429, 504]).toContain(hurried.status);
    const answered = await busy.leave();
    expect((await runs()) - before).toBe(answered);
  });

  test("who comes to a full queue: 429, with a time to come back", async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => run()));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    for (const { headers } of refused) expect(Number(headers["retry-after"])).toBeGreaterThan(0);
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
  });
});

test("a server that stops answers what it has begun, and asks connections to go", async () => {
  const stopping = await start();
  const rest = restClient(stopping.rest);
  const agent = new Agent({ keepAlive: true });
  const kept = await rest(path, { body: { inputs: [row] }, agent });
  expect(kept.headers.connection).toBe("keep-alive");
  const begun = run({}, undefined, rest);
  await vi.waitFor(
    async () => expect(await stopping.metric("http_server_active_requests")).toBe(1),
    patience,
  );
  const stopped = stopping.stop();
  const answer = await begun;
  expect([answer.status, answer.headers.connection]).toEqual([200, "close"]);
  await stopped;
  await expect(rest("/v2/health/live")).rejects.toThrow("ECONNREFUSED");
  agent.destroy();
});
