/** The REST protocol over real sockets: a registry, a replica, and HTTP. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync, gunzipSync, gzipSync, inflateSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type OtlpReceiver, startOtlpReceiver } from "../e2e/otlp-receiver.ts";
import { type RegistryServer, startRegistryServer } from "../registry/registry-server.ts";
import { type InferenceServer, startInferenceServer } from "./inference-server.ts";
import { echo, scaling } from "./models.ts";
import { type Rest, rawSocket, restClient, withBinary } from "./rest-client.ts";

let folder: string;
let collector: OtlpReceiver;
let registry: RegistryServer;
let inference: InferenceServer;
let ask: Rest;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "amaas-rest-"));
  collector = await startOtlpReceiver();
  // The exporter reads the environment itself.
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url);
  vi.stubEnv("OTEL_BSP_SCHEDULE_DELAY", "50");
  registry = await startRegistryServer({ folder });
  const models = { double: scaling(2), iris: scaling(3), echo: echo() };
  for (const [model, bytes] of Object.entries(models)) await registry.publish(model, bytes);
  inference = await startInferenceServer({
    folder,
    registryAddress: registry.address,
    tracing: process.env,
  });
  for (const model of Object.keys(models)) await inference.serves(model, 1);
  ask = restClient(inference.rest);
}, 60_000);

afterAll(async () => {
  await inference?.stop();
  await registry?.stop();
  await collector?.close();
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const ones = { name: "x", datatype: "FP32", shape: [1, 4], data: [1, 2, 3, 4] };
const floats = (...values: number[]) => new Float32Array(values);
const floatsOf = (bytes: Buffer) => [...new Float32Array(new Uint8Array(bytes).buffer)];
const binary = { parameters: { binary_data_size: 16 } };
const { data: _, ...bare } = ones;
const onesBinary = { ...bare, ...binary };

describe("what there is to know", () => {
  test("the server", async () => {
    expect((await ask("/v2/health/live")).json()).toEqual({ live: true });
    expect((await ask("/v2/health/ready")).json()).toEqual({ ready: true });
    const metadata = (await ask("/v2")).json();
    expect(metadata).toEqual({
      name: expect.any(String),
      version: expect.any(String),
      extensions: expect.any(Array),
    });
  });

  test("a model, by its alias and by its version", async () => {
    for (const path of ["/v2/models/double", "/v2/models/double/versions/1"]) {
      expect((await ask(path)).json()).toMatchObject({
        name: "double",
        versions: ["1"],
        inputs: [{ name: "x", datatype: "FP32", shape: [-1, 4] }],
      });
      expect(await ask(`${path}/ready`)).toMatchObject({ status: 200 });
    }
  });

  test("that a model is not ready is 400, that there is none is 404", async () => {
    expect((await ask("/v2/models/none/ready")).status).toBe(400);
    expect((await ask("/v2/models/double/versions/9/ready")).status).toBe(400);
    const unknown = await ask("/v2/models/none");
    expect(unknown.status).toBe(404);
    expect(unknown.json().error).toContain("Request for unknown model: 'none' is not found");
    expect((await ask("/v2/models/n%6Fne")).json().error).toContain("'none'");
  });

  test("statistics: the numbers are numbers", async () => {
    await ask("/v2/models/double/infer", { body: { inputs: [ones] } });
    const { model_stats: all } = (await ask("/v2/models/stats")).json();
    const one = (await ask("/v2/models/double/versions/1/stats")).json().model_stats[0];
    expect(one).toMatchObject({ name: "double", version: "1" });
    expect(one.inference_stats.success.count).toBeGreaterThan(0);
    expect(all.map(({ name }: { name: string }) => name)).toContain("double");
  });

  test("shared memory is refused with the reason", async () => {
    for (const kind of ["systemsharedmemory", "cudasharedmemory"]) {
      const refused = await Promise.all([
        ask(`/v2/${kind}/status`),
        ask(`/v2/${kind}/region/r/register`, { body: { key: "/r", byte_size: 64 } }),
        ask(`/v2/${kind}/region/r/unregister`, { method: "POST" }),
        ask(`/v2/${kind}/unregister`, { method: "POST" }),
      ]);
      for (const { status, json } of refused) {
        expect(status).toBe(501);
        expect(json().error).toMatch(/shared memory|shared_memory/i);
      }
    }
  });

  test("paths and methods that there are not", async () => {
    expect((await ask("/v3")).status).toBe(404);
    expect((await ask("/v2/models/double/nothing")).status).toBe(404);
    expect((await ask("/v2/models/%FF")).status).toBe(400);
    const wrong = await ask("/v2/models/double/infer");
    expect([wrong.status, wrong.headers.allow]).toEqual([405, "POST"]);
    const head = await ask("/v2/health/live", { method: "HEAD" });
    expect([head.status, head.bytes.byteLength]).toEqual([200, 0]);
  });
});

describe("inference", () => {
  test("JSON to JSON", async () => {
    const answer = await ask("/v2/models/double/infer", {
      body: { id: "seven", inputs: [ones], outputs: [{ name: "y" }] },
    });
    expect(answer.status).toBe(200);
    expect(answer.headers["content-type"]).toBe("application/json");
    expect(answer.json()).toEqual({
      model_name: "double",
      model_version: "1",
      id: "seven",
      outputs: [{ name: "y", datatype: "FP32", shape: [1, 4], data: [2, 4, 6, 8] }],
    });
  });

  test("binary to binary", async () => {
    const request = { inputs: [onesBinary], parameters: { binary_data_output: true } };
    const answer = await ask(
      "/v2/models/double/versions/1/infer",
      withBinary(request, floats(1, 2, 3, 4)),
    );
    expect(answer.headers["content-type"]).toBe("application/octet-stream");
    const end = Number(answer.headers["inference-header-content-length"]);
    const head = JSON.parse(answer.bytes.subarray(0, end).toString());
    expect(head.outputs).toEqual([
      { name: "y", datatype: "FP32", shape: [1, 4], parameters: { binary_data_size: 16 } },
      { name: "negative", datatype: "FP32", shape: [1, 4], parameters: { binary_data_size: 16 } },
    ]);
    expect(floatsOf(answer.bytes.subarray(end))).toEqual([2, 4, 6, 8, -1, -2, -3, -4]);
  });

  test("some of each, both ways", async () => {
    const text = { name: "text_in", datatype: "BYTES", shape: [2, 1], data: [["a"], ["ü☃"]] };
    const count = {
      name: "count_in",
      datatype: "INT64",
      shape: [2],
      parameters: { binary_data_size: 16 },
    };
    const flag = { name: "flag_in", datatype: "BOOL", shape: [2], data: [true, 0] };
    const outputs = [
      { name: "text", parameters: { binary_data: true } },
      { name: "count" },
      { name: "flag", parameters: { binary_data: true } },
    ];
    const answer = await ask(
      "/v2/models/echo/infer",
      withBinary({ inputs: [text, count, flag], outputs }, new BigInt64Array([1n, -2n])),
    );
    const end = Number(answer.headers["inference-header-content-length"]);
    const [first, second, third] = JSON.parse(answer.bytes.subarray(0, end).toString()).outputs;
    expect(first.parameters).toEqual({ binary_data_size: 14 });
    expect(second.data).toEqual([1, -2]);
    expect(third.parameters).toEqual({ binary_data_size: 2 });
    const tensors = answer.bytes.subarray(end);
    expect(tensors.subarray(4, 5).toString()).toBe("a");
    expect(tensors.subarray(9, 14).toString()).toBe("ü☃");
    expect([...tensors.subarray(14)]).toEqual([1, 0]);
  });

  test("a body of nothing but the bytes of the only input", async () => {
    const answer = await ask("/v2/models/double/infer", {
      body: Buffer.from(floats(1, 2, 3, 4, 5, 6, 7, 8).buffer),
      headers: { "inference-header-content-length": "0" },
    });
    const end = Number(answer.headers["inference-header-content-length"]);
    expect(floatsOf(answer.bytes.subarray(end)).slice(0, 8)).toEqual([2, 4, 6, 8, 10, 12, 14, 16]);
  });

  test("whole numbers of 64 bits keep their digits, and text its characters", async () => {
    const most = "9223372036854775807";
    const body = `{"inputs":[
      {"name":"text_in","datatype":"BYTES","shape":[1,1],"data":["NaN 12345678901234567890 \\" \\u2603"]},
      {"name":"count_in","datatype":"INT64","shape":[1],"data":[${most}]},
      {"name":"flag_in","datatype":"BOOL","shape":[1],"data":[false]}]}`;
    const answer = await ask("/v2/models/echo/infer", { body });
    expect(answer.bytes.toString()).toContain(`"data":[${most}]`);
    expect(answer.bytes.toString()).toContain('["NaN 12345678901234567890 \\" ☃"]');
    expect(answer.bytes.toString()).toContain('"data":[false]');
  });

  test("what is not finite is written as Triton and Python write it", async () => {
    const body = `{"inputs":[{"name":"x","datatype":"FP32","shape":[1,4],"data":[NaN,Infinity,-Infinity,1]}],"outputs":[{"name":"negative"}]}`;
    const answer = await ask("/v2/models/double/infer", { body });
    expect(answer.bytes.toString()).toContain('"data":[NaN,-Infinity,Infinity,-1]');
  });

  test("refusals have Triton's statuses and texts", async () => {
    const refused = async (input: object, model = "double") => {
      const answer = await ask(`/v2/models/${model}/infer`, { body: { inputs: [input] } });
      return `${answer.status} ${answer.json().error}`;
    };
    expect(await refused(ones, "none")).toMatch(/^404 Request for unknown model/);
    expect(await refused({ ...ones, data: [1, 2, 3] })).toMatch(/^400 Unable to parse 'data'/);
    expect(await refused({ ...ones, data: ["a", 2, 3, 4] })).toMatch(/^400 Unable to parse 'data'/);
    expect(await refused({ ...ones, shape: [1, 5], data: [1, 2, 3, 4, 5] })).toMatch(
      /^400 (\[.*\] )?unexpected shape for input 'x'/,
    );
    expect(await refused({ ...ones, datatype: "FP99" })).toMatch(/^400 invalid datatype/);
    expect(await refused(bare)).toMatch(/^400 Input must set only one of .* But no field is set/);
    expect(await refused({ ...ones, ...binary })).toMatch(/^400 Input must set only one of/);
    expect(await refused(onesBinary)).toMatch(/expecting 16 additional bytes for model 'double'/);
    const more = withBinary({ inputs: [onesBinary] }, floats(1, 2, 3, 4, 5));
    expect((await ask("/v2/models/double/infer", more)).json().error).toContain(
      "unexpected additional input data for model 'double'",
    );
  });
});

test("KServe's first protocol: instances to predictions", async () => {
  const instances = [
    [1, 2, 3, 4],
    [5, 6, 7, 8],
  ];
  const answer = await ask("/v1/models/double:predict", { body: { instances } });
  expect(answer.json()).toEqual({
    predictions: [
      { y: [2, 4, 6, 8], negative: [-1, -2, -3, -4] },
      { y: [10, 12, 14, 16], negative: [-5, -6, -7, -8] },
    ],
  });
  expect((await ask("/v1/models/double")).json()).toEqual({ name: "double", ready: true });
  expect((await ask("/v1/models/none")).status).toBe(503);
  expect((await ask("/v1/models/none:predict", { body: { instances } })).status).toBe(404);
  expect((await ask("/v1/models")).json().models).toContain("double");
});

describe("on the way", () => {
  test("requests and answers are compressed", async () => {
    const row = Array.from({ length: 4 }, (_, at) => at / 3);
    const inputs = [{ ...ones, shape: [100, 4], data: Array(100).fill(row) }];
    const plain = Buffer.from(JSON.stringify({ inputs }));
    const encodings = [
      ["gzip", gzipSync, gunzipSync],
      ["deflate", deflateSync, inflateSync],
    ] as const;
    for (const [encoding, pack, unpack] of encodings) {
      const answer = await ask("/v2/models/double/infer", {
        body: pack(plain),
        headers: {
          "content-encoding": encoding,
          "accept-encoding": `br, ${encoding};q=0.8, identity;q=0.1`,
        },
      });
      expect(answer.headers["content-encoding"]).toBe(encoding);
      const { outputs } = JSON.parse(unpack(answer.bytes).toString());
      expect(outputs[1].data.slice(1, 3)).toEqual([-1 / 3, -2 / 3].map(Math.fround));
    }
    const unknown = await ask("/v2/models/double/infer", {
      body: plain,
      headers: { "content-encoding": "br" },
    });
    expect([unknown.status, unknown.headers["accept-encoding"]]).toEqual([415, "gzip, deflate"]);
  });

  test("a connection is used again, also by requests sent before the last answer", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let time = 0; time < 20; time++)
      expect(
        (await ask("/v2/models/double/infer", { body: { inputs: [ones] }, agent })).status,
      ).toBe(200);
    agent.destroy();

    const { write, said, socket } = await rawSocket(inference.rest);
    const body = JSON.stringify({ inputs: [ones], outputs: [{ name: "y" }] });
    const one = (path: string, id: number) =>
      `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length + 9}\r\n\r\n{"id":"${id}",${body.slice(1)}`;
    write([1, 2, 3].map((id) => one("/v2/models/double/infer", id)).join(""));
    await vi.waitFor(() => expect(said().match(/HTTP\/1.1 200/g)).toHaveLength(3), 20_000);
    expect([...said().matchAll(/"id":"(\d)"/g)].map(([, id]) => id)).toEqual(["1", "2", "3"]);
    socket.destroy();
  });

  test("the caller's trace goes on", async () => {
    const [traceId, parent] = [randomBytes(16).toString("hex"), "00f067aa0ba902b7"];
    await ask("/v2/models/double/infer", {
      body: { inputs: [ones] },
      headers: { traceparent: `00-${traceId}-${parent}-01` },
    });
    const name = "POST /v2/models/{model}/infer";
    const spans = () => collector.spans.filter((span) => span.traceId === traceId);
    await vi.waitFor(() => expect(spans().map((span) => span.name)).toContain(name), 20_000);
    const span = spans().find((one) => one.name === name)!;
    expect(span.parentId).toBe(parent);
    expect(span.attributes).toMatchObject({
      "http.request.method": "POST",
      "http.route": "/v2/models/{model}/infer",
      "http.response.status_code": 200,
      "url.path": "/v2/models/double/infer",
    });
    expect(spans().find((one) => one.name === "inference.queue")?.parentId).toBe(span.spanId);
  });

  test("who asks is told what became of the request", async () => {
    const answer = await ask("/v2/models/double/infer", {
      body: { inputs: [ones] },
      headers: { "amaas-explain": "1" },
    });
    expect(answer.json().parameters).toMatchObject({ amaas_version: "1", amaas_batch_rows: 1 });
  });

  test("a time that is no time is refused", async () => {
    const answer = await ask("/v2/models/double/infer", {
      body: { inputs: [ones] },
      headers: { "amaas-timeout-ms": "soon" },
    });
    expect(answer.status).toBe(400);
    expect(answer.json().error).toContain("amaas-timeout-ms: soon");
  });

  test("requests are counted by route and status", async () => {
    const before = await inference.metric("http_server_request_duration_seconds_count");
    await ask("/v2/models/double");
    await ask("/v2/models/none");
    await ask("/anything/else");
    expect((await inference.metric("http_server_request_duration_seconds_count")) - before).toBe(3);
    expect(await inference.metric("http_server_active_requests")).toBe(0);
  });
});

describe("documents", () => {
  test("the routes for programs", async () => {
    const document = (await ask("/v2/openapi.json")).json();
    expect(document.openapi).toBe("3.1.0");
    expect(Object.keys(document.paths)).toContain("/v2/models/{model}/infer");
  });

  test("a page for people, which loads nothing from elsewhere and does what it shows", async () => {
    const { bytes, headers } = await ask("/v2/docs");
    const page = bytes.toString();
    expect(headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(headers["content-security-policy"]).toContain("default-src 'none'");
    expect(page).not.toMatch(/(src|href)="https?:/);
    const [, script = ""] = /<script>(.*)<\/script>/s.exec(page) ?? [];
    // A function of it would not be made of a script that does not parse.
    expect(() => new Function(`async () => {${script}}`)).not.toThrow();
  });

  test("the examples of README.md do what they say", async () => {
    const readme = await readFile(
      join(import.meta.dirname, "../../services/inference/README.md"),
      "utf8",
    );
    const [, section = ""] = /^## REST$(.*?)^## /ms.exec(readme) ?? [];
    const commands = [...section.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, code = ""]) =>
      code.trim().split("\n"),
    );
    expect(commands.length).toBeGreaterThan(2);
    for (const command of commands) {
      const here = command.replaceAll("localhost:8000", new URL(inference.rest).host);
      const child = spawn(
        "sh",
        ["-c", `set -e; ${here}`.replaceAll("curl ", "curl --fail-with-body ")],
        {
          cwd: folder,
          stdio: ["ignore", "inherit", "inherit"],
        },
      );
      const [code] = await once(child, "exit");
      expect(code, command).toBe(0);
    }
    const answer = await readFile(join(folder, "answer.bin"));
    expect(answer.toString("latin1")).toContain('"model_name":"iris"');
    expect(answer.subarray(-16)).toEqual(Buffer.alloc(16, Buffer.from(floats(-0).buffer)));
  });
});
