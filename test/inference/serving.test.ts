/** From the registry to an answer: a real registry and a real inference replica over sockets. */
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bus, connectBus } from "@amaas/events";
import { ModelRepositoryParameter } from "@amaas/proto/inference/grpc_service";
import { nullTelemetry } from "@amaas/telemetry";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type RegistryServer, startRegistryServer } from "../registry/registry-server.ts";
import { type InferenceServer, row, startInferenceServer } from "./inference-server.ts";
import { echo, lookup, scaling } from "./models.ts";

let folder: string;
let bus: Bus;
let registry: RegistryServer;
let inference: InferenceServer;
/** A model name that no other test has. */
let model: string;
let count = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "amaas-inference-"));
  bus = await connectBus({ telemetry: nullTelemetry(), name: "test" });
  registry = await startRegistryServer({ folder, bus });
  inference = await startInferenceServer({ folder, registryAddress: registry.address, bus });
});

afterAll(async () => {
  await inference?.stop();
  await registry?.stop();
  await bus?.close();
  await rm(folder, { recursive: true });
});

beforeEach(() => {
  model = `model-${++count}`;
});

/** Registers the next version without moving the alias. */
async function register(bytes: Uint8Array, name = model): Promise<number> {
  const digest = await registry.upload(bytes);
  const made = await registry.registry.createVersion({ version: { model: name, digest } });
  return made.version!.version;
}

const promote = (version: number, options = {}) =>
  registry.registry.moveAlias({ model, alias: "champion", version }, options);

/** Registers a version, moves the alias to it and waits until it is served. */
async function publish(bytes: Uint8Array): Promise<void> {
  const version = await register(bytes);
  await promote(version);
  await inference.serves(model, version);
}

async function fileOf(version: number): Promise<string> {
  const which = { $case: "version" as const, value: version };
  const { version: told } = await registry.registry.getVersion({ model, which });
  const files = await readdir(join(folder, "blobs"), { recursive: true, withFileTypes: true });
  const entry = files.find(({ name }) => name.length > 60 && told!.digest.endsWith(name));
  return join(entry!.parentPath, entry!.name);
}

describe("a model with the alias", () => {
  test("is served, and says what it takes and gives", async () => {
    await publish(scaling(3));
    const { client } = inference;
    const answer = await client.modelInfer({
      modelName: model,
      id: "request-7",
      inputs: [{ name: "x", datatype: "FP32", shape: [2n, 4n] }],
      rawInputContents: [new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8).buffer)],
    });
    expect(answer).toMatchObject({ modelName: model, modelVersion: "1", id: "request-7" });
    expect(answer.outputs.map(({ name, datatype, shape }) => ({ name, datatype, shape }))).toEqual([
      { name: "y", datatype: "FP32", shape: [2n, 4n] },
      { name: "negative", datatype: "FP32", shape: [2n, 4n] },
    ]);
    expect(
      answer.rawOutputContents.map((bytes) => [...new Float32Array(bytes.slice().buffer)]),
    ).toEqual([
      [3, 6, 9, 12, 15, 18, 21, 24],
      [-1, -2, -3, -4, -5, -6, -7, -8],
    ]);
    expect(await client.modelMetadata({ name: model })).toEqual({
      name: model,
      versions: ["1"],
      platform: "onnxruntime_onnx",
      inputs: [{ name: "x", datatype: "FP32", shape: [-1n, 4n] }],
      outputs: [
        { name: "y", datatype: "FP32", shape: [-1n, 4n] },
        { name: "negative", datatype: "FP32", shape: [-1n, 4n] },
      ],
    });
    expect(inference.health.get(model)).toBe(true);
    expect(await inference.metric("amaas_inference_serving_version")).toBeGreaterThan(0);
  });

  test("answers with the outputs that are asked for", async () => {
    await publish(scaling(3));
    const answer = await inference.client.modelInfer({
      modelName: model,
      modelVersion: "1",
      inputs: [{ name: "x", datatype: "FP32", shape: [0n, 4n] }],
      outputs: [{ name: "negative" }],
      rawInputContents: [new Uint8Array()],
    });
    expect(answer.outputs).toMatchObject([{ name: "negative", shape: [0n, 4n] }]);
    expect(answer.rawOutputContents).toEqual([new Uint8Array()]);
  });

  test("takes text, whole numbers and booleans, raw and typed", async () => {
    await publish(echo());
    const inputs = [
      { name: "text_in", datatype: "BYTES", shape: [2n, 1n] },
      { name: "count_in", datatype: "INT64", shape: [2n] },
      { name: "flag_in", datatype: "BOOL", shape: [2n] },
    ];
    const raw = [
      Uint8Array.of(3, 0, 0, 0, 0xe2, 0x82, 0xac, 0, 0, 0, 0),
      new Uint8Array(BigInt64Array.of(-1n, 2n ** 60n).buffer),
      Uint8Array.of(1, 0),
    ];
    const contents = [
      { bytesContents: [new TextEncoder().encode("€"), new Uint8Array()] },
      { int64Contents: [-1n, 2n ** 60n] },
      { boolContents: [true, false] },
    ];
    const typed = inputs.map((input, index) => ({ ...input, contents: contents[index] }));
    for (const request of [{ inputs, rawInputContents: raw }, { inputs: typed }]) {
      const answer = await inference.client.modelInfer({ modelName: model, ...request });
      expect(answer.outputs.map(({ datatype }) => datatype)).toEqual(["BYTES", "INT64", "BOOL"]);
      expect(answer.rawOutputContents.map((bytes) => [...bytes])).toEqual(
        raw.map((bytes) => [...bytes]),
      );
    }
  });

  test("is loaded in the trace of the alias move", async () => {
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const version = await register(scaling(1));
    await promote(version, { traceparent });
    await inference.serves(model, version);
    const line = inference.log.find(
      (entry) => entry.message === "version loaded" && entry.model === model,
    );
    expect(line).toMatchObject({ version, trace_id: "4bf92f3577b34da6a3ce929d0e0e4736" });
  });
});

test("an alias move is followed at once by event, or on the timer where events do not come", async () => {
  const { address } = registry;
  const slowPoll = { AMAAS_POLL_SECONDS: "3600" };
  const told = await startInferenceServer({ folder, registryAddress: address, env: slowPoll, bus });
  const deaf = await startInferenceServer({ folder, registryAddress: address });
  try {
    await vi.waitFor(() => expect([told.ready(), deaf.ready()]).toEqual([true, true]), {
      timeout: 30_000,
    });
    await promote(await register(scaling(1)));
    await Promise.all([told.serves(model, 1), deaf.serves(model, 1)]);
  } finally {
    await told.stop();
    await deaf.stop();
  }
});

describe("a new version", () => {
  test("takes over under load without a failed request, and the old one is freed", async () => {
    await publish(scaling(1));
    const second = await register(scaling(2));
    const answers: { version: string; y: number }[] = [];
    let stop = false;
    const caller = async () => {
      while (!stop) answers.push(await inference.scale(model, 5));
    };
    const callers = Array.from({ length: 8 }, caller);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await promote(second);
    await inference.serves(model, second);
    await new Promise((resolve) => setTimeout(resolve, 200));
    stop = true;
    await Promise.all(callers);

    const versions = answers.map(({ version }) => version);
    expect(new Set(versions)).toEqual(new Set(["1", "2"]));
    for (const { version, y } of answers) expect(y).toBe(5 * Number(version));
    await vi.waitFor(() =>
      expect(inference.log).toContainEqual(
        expect.objectContaining({ message: "version closed", model, version: 1 }),
      ),
    );
    await expect(
      inference.client.modelInfer({ modelName: model, modelVersion: "1" }),
    ).rejects.toMatchObject({
      code: "not-found",
      message: `Request for unknown model: '${model}' version '1' is not found; version 2 is served`,
    });
  });

  test("gives way again when the alias is rolled back", async () => {
    await publish(scaling(1));
    await publish(scaling(2));
    await registry.registry.rollback({ model, alias: "champion" }, { retry: false });
    await inference.serves(model, 1);
    expect(await inference.scale(model, 5)).toEqual({ version: "1", y: 5 });
  });

  test("whose bytes are damaged leaves the old one serving, and is loaded once they are mended", async () => {
    await publish(scaling(1));
    const bytes = scaling(7);
    const second = await register(bytes);
    const path = await fileOf(second);
    await rm(path);
    await writeFile(path, Buffer.concat([bytes.subarray(0, -1), Buffer.of(bytes.at(-1)! ^ 1)]));
    await promote(second);
    const failed = expect.objectContaining({
      level: "warn",
      message: "version failed to load",
      model,
      version: second,
      stillServed: 1,
      error: expect.stringContaining("damaged"),
    });
    await vi.waitFor(() => expect(inference.log).toContainEqual(failed), 5000);
    expect(await inference.scale(model, 5)).toEqual({ version: "1", y: 5 });
    expect(inference.health.get(model)).toBe(true);

    await registry.upload(bytes);
    await inference.serves(model, second, 20_000);
    expect(await inference.scale(model, 5)).toEqual({ version: "2", y: 35 });
  });

  test("that is no model, or a model that cannot run, leaves the old one serving", async () => {
    await publish(scaling(1));
    for (const bytes of [new TextEncoder().encode("not a model"), new Uint8Array(0)]) {
      const version = await register(bytes);
      await promote(version);
      const failed = expect.objectContaining({ message: "version failed to load", model, version });
      await vi.waitFor(() => expect(inference.log).toContainEqual(failed), 5000);
      expect(await inference.scale(model, 5)).toEqual({ version: "1", y: 5 });
    }
  });

  test("that was never good leaves the model unserved, and says why", async () => {
    await promote(await register(new TextEncoder().encode("not a model")));
    await vi.waitFor(
      () =>
        expect(inference.client.modelInfer({ modelName: model })).rejects.toMatchObject({
          code: "not-found",
          message: expect.stringMatching(
            `^Request for unknown model: '${model}' has no available versions: version 1 failed to load`,
          ),
        }),
      5000,
    );
    expect(inference.health.get(model)).toBe(false);
    expect(await inference.client.modelReady({ name: model })).toEqual({ ready: false });
    expect(await inference.client.serverReady({})).toEqual({ ready: true });
  });
});

describe("a request", () => {
  const x = { name: "x", datatype: "FP32", shape: [1n, 4n] };
  const raw = [new Uint8Array(16)];
  const cases: [string, object, string, string][] = [
    [
      "an unknown model",
      { modelName: "nobody" },
      "not-found",
      "Request for unknown model: 'nobody' is not found",
    ],
    ["an unknown version", { modelVersion: "9" }, "not-found", "version '9' is not found"],
    ["no input", {}, "invalid-argument", "expected 1 inputs but got 0 inputs"],
    [
      "an unknown input",
      { inputs: [{ ...x, name: "z" }], rawInputContents: raw },
      "invalid-argument",
      "unexpected inference input 'z'",
    ],
    [
      "a wrong type",
      { inputs: [{ ...x, datatype: "INT32" }], rawInputContents: raw },
      "invalid-argument",
      "data-type is 'INT32', but",
    ],
    [
      "a wrong shape",
      { inputs: [{ ...x, shape: [4n] }], rawInputContents: raw },
      "invalid-argument",
      "Expected [-1,4], got [4]",
    ],
    [
      "too few bytes",
      { inputs: [x], rawInputContents: [new Uint8Array(15)] },
      "invalid-argument",
      "Expected 16, got 15",
    ],
    [
      "an endless shape",
      { inputs: [{ ...x, shape: [2n ** 60n, 4n] }], rawInputContents: raw },
      "invalid-argument",
      "more than",
    ],
    [
      "raw and typed contents",
      { inputs: [{ ...x, contents: { fp32Contents: [1] } }], rawInputContents: raw },
      "invalid-argument",
      "contents field must not be specified when using raw_input_contents for 'x'",
    ],
    [
      "an unknown output",
      { inputs: [x], rawInputContents: raw, outputs: [{ name: "z" }] },
      "invalid-argument",
      "unexpected inference output 'z'",
    ],
    [
      "shared memory",
      { inputs: [{ ...x, parameters: { shared_memory_region: {} } }], rawInputContents: raw },
      "unimplemented",
      "shared_memory_region",
    ],
  ];

  beforeAll(async () => {
    model = "scaler";
    await publish(scaling(1));
  });

  test.each(cases)("with %s is refused", async (_, request, code, text) => {
    await expect(
      inference.client.modelInfer({ modelName: "scaler", ...request }),
    ).rejects.toMatchObject({ code, message: expect.stringContaining(text) });
    expect(await inference.scale("scaler", 2)).toEqual({ version: "1", y: 2 });
  });

  test("that fails in the middle of its run costs only itself", async () => {
    await publish(lookup());
    const index = { name: "index", datatype: "INT64", shape: [1n] };
    const ask = (value: bigint) =>
      inference.client.modelInfer({
        modelName: model,
        inputs: [{ ...index, contents: { int64Contents: [value] } }],
      });
    await expect(ask(11n)).rejects.toMatchObject({
      code: "internal",
      message: expect.stringContaining("indices"),
    });
    expect((await ask(3n)).outputs).toHaveLength(1);
  });
});

describe("beside the version that the alias points to", () => {
  const load = (parameters: Record<string, ModelRepositoryParameter>) =>
    inference.client.repositoryModelLoad({ modelName: model, parameters });
  const text = (value: string) =>
    ModelRepositoryParameter.create({ parameterChoice: { $case: "stringParam", value } });
  const ask = async (modelVersion: string) => {
    const answer = await inference.client.modelInfer({ ...row(model, 1), modelVersion });
    return answer.modelVersion;
  };

  test("others answer by number and by alias, once they are asked for", async () => {
    await publish(scaling(1));
    await register(scaling(2));
    await register(scaling(3));
    await registry.registry.moveAlias({ model, alias: "challenger", version: 3 });
    await expect(ask("2")).rejects.toMatchObject({ code: "not-found" });
    await load({ version: text("2") });
    await load({ alias: text("challenger") });
    expect(await ask("2")).toBe("2");
    expect(await ask("challenger")).toBe("3");
    expect(await ask("champion")).toBe("1");
    expect(await ask("")).toBe("1");
    const { models } = await inference.client.repositoryIndex({});
    const states = models.filter(({ name }) => name === model).map(({ version }) => version);
    expect(states).toEqual(["1", "2", "3"]);

    // An alias that moves takes its versions along.
    const fourth = await register(scaling(4));
    await registry.registry.moveAlias({ model, alias: "challenger", version: fourth });
    await inference.serves(model, fourth);
    expect(await ask("challenger")).toBe("4");
    await vi.waitFor(() => expect(ask("3")).rejects.toMatchObject({ code: "not-found" }));
    await inference.client.repositoryModelUnload({
      modelName: model,
      parameters: { version: text("2") },
    });
    await expect(ask("2")).rejects.toMatchObject({ code: "not-found" });
    expect(await ask("")).toBe("1");
  });

  test("a configuration may be given, and a model be let go of and taken up again", async () => {
    await publish(scaling(1));
    await load({ config: text('{"max_batch_size": 3}') });
    const { config } = await inference.client.modelConfig({ name: model });
    expect(config?.maxBatchSize).toBe(3);
    await inference.client.repositoryModelUnload({ modelName: model });
    await expect(ask("")).rejects.toMatchObject({ code: "not-found" });
    await promote(await register(scaling(2)));
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await expect(ask("")).rejects.toMatchObject({ code: "not-found" });
    await load({});
    expect(await ask("")).toBe("2");
    await expect(
      inference.client.repositoryModelUnload({
        modelName: model,
        parameters: { version: text("2") },
      }),
    ).rejects.toMatchObject({
      code: "failed-precondition",
      message: expect.stringContaining("alias 'champion' points to version 2"),
    });
    await expect(load({ version: text("9") })).rejects.toMatchObject({ code: "not-found" });
    await expect(load({ alias: text("nobody") })).rejects.toMatchObject({ code: "internal" });
    const file = {
      "file:1/model.onnx": ModelRepositoryParameter.create({
        parameterChoice: { $case: "bytesParam", value: scaling(1) },
      }),
    };
    await expect(load(file)).rejects.toMatchObject({ code: "invalid-argument" });
    expect(await ask("")).toBe("2");
  });
});

describe("the server", () => {
  test("is live and ready and claims the extensions that it has", async () => {
    expect(await inference.client.serverLive({})).toEqual({ live: true });
    expect(await inference.client.serverReady({})).toEqual({ ready: true });
    expect(await inference.client.serverMetadata({})).toEqual({
      name: "triton",
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      extensions: expect.arrayContaining(["classification", "parameters", "trace", "logging"]),
    });
    expect(inference.ready()).toBe(true);
  });

  test("goes on serving while the registry is down, and catches up when it is back", async () => {
    await publish(scaling(1));
    const second = await register(scaling(2));
    const { address } = registry;
    await registry.stop();
    await vi.waitFor(
      () =>
        expect(inference.log).toContainEqual(
          expect.objectContaining({ level: "warn", message: expect.stringContaining("registry") }),
        ),
      15_000,
    );
    expect(await inference.scale(model, 5)).toEqual({ version: "1", y: 5 });
    expect(inference.ready()).toBe(true);

    registry = await startRegistryServer({ folder, bus, port: Number(address.split(":")[1]) });
    await promote(second);
    await inference.serves(model, second, 20_000);
    expect(await inference.scale(model, 5)).toEqual({ version: "2", y: 10 });
  });

  test("that starts first is ready when the registry comes", async () => {
    await publish(scaling(4));
    const { address } = registry;
    await registry.stop();
    const early = await startInferenceServer({ folder, registryAddress: address });
    try {
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(early.ready()).toBe("the registry has not been read yet");
      expect(await early.client.serverReady({})).toEqual({ ready: false });
      registry = await startRegistryServer({ folder, bus, port: Number(address.split(":")[1]) });
      await vi.waitFor(() => expect(early.ready()).toBe(true), 20_000);
      expect(await early.scale(model, 5)).toEqual({ version: "1", y: 20 });
    } finally {
      await early.stop();
    }
  });
});
