/** From the registry to an answer: what is served, what it says, and which requests are refused. */
import { beforeAll, describe, expect, test } from "vitest";
import { echo, lookup, scaling } from "./models.ts";
import { registryStage } from "./registry-stage.ts";

const stage = registryStage();

describe("a model with the alias", () => {
  test("is served, and says what it takes and gives", async () => {
    await stage.publish(scaling(3));
    const { client } = stage.inference;
    const answer = await client.modelInfer({
      modelName: stage.model,
      id: "request-7",
      inputs: [{ name: "x", datatype: "FP32", shape: [2n, 4n] }],
      rawInputContents: [new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8).buffer)],
    });
    expect(answer).toMatchObject({ modelName: stage.model, modelVersion: "1", id: "request-7" });
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
    expect(await client.modelMetadata({ name: stage.model })).toEqual({
      name: stage.model,
      versions: ["1"],
      platform: "onnxruntime_onnx",
      inputs: [{ name: "x", datatype: "FP32", shape: [-1n, 4n] }],
      outputs: [
        { name: "y", datatype: "FP32", shape: [-1n, 4n] },
        { name: "negative", datatype: "FP32", shape: [-1n, 4n] },
      ],
    });
    expect(stage.inference.health.get(stage.model)).toBe(true);
    expect(await stage.inference.metric("amaas_inference_serving_version")).toBeGreaterThan(0);
  });

  test("answers with the outputs that are asked for", async () => {
    await stage.publish(scaling(3));
    const answer = await stage.inference.client.modelInfer({
      modelName: stage.model,
      modelVersion: "1",
      inputs: [{ name: "x", datatype: "FP32", shape: [0n, 4n] }],
      outputs: [{ name: "negative" }],
      rawInputContents: [new Uint8Array()],
    });
    expect(answer.outputs).toMatchObject([{ name: "negative", shape: [0n, 4n] }]);
    expect(answer.rawOutputContents).toEqual([new Uint8Array()]);
  });

  test("takes text, whole numbers and booleans, raw and typed", async () => {
    await stage.publish(echo());
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
      const answer = await stage.inference.client.modelInfer({
        modelName: stage.model,
        ...request,
      });
      expect(answer.outputs.map(({ datatype }) => datatype)).toEqual(["BYTES", "INT64", "BOOL"]);
      expect(answer.rawOutputContents.map((bytes) => [...bytes])).toEqual(
        raw.map((bytes) => [...bytes]),
      );
    }
  });

  test("is loaded in the trace of the alias move", async () => {
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const version = await stage.register(scaling(1));
    await stage.promote(version, { traceparent });
    await stage.inference.serves(stage.model, version);
    const line = stage.inference.log.find(
      (entry) => entry.message === "version loaded" && entry.model === stage.model,
    );
    expect(line).toMatchObject({ version, trace_id: "4bf92f3577b34da6a3ce929d0e0e4736" });
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
    await stage.publish(scaling(1), "scaler");
  });

  test.each(cases)("with %s is refused", async (_, request, code, text) => {
    await expect(
      stage.inference.client.modelInfer({ modelName: "scaler", ...request }),
    ).rejects.toMatchObject({ code, message: expect.stringContaining(text) });
    expect(await stage.inference.scale("scaler", 2)).toEqual({ version: "1", y: 2 });
  });

  test("that fails in the middle of its run costs only itself", async () => {
    await stage.publish(lookup());
    const index = { name: "index", datatype: "INT64", shape: [1n] };
    const ask = (value: bigint) =>
      stage.inference.client.modelInfer({
        modelName: stage.model,
        inputs: [{ ...index, contents: { int64Contents: [value] } }],
      });
    await expect(ask(11n)).rejects.toMatchObject({
      code: "internal",
      message: expect.stringContaining("indices"),
    });
    expect((await ask(3n)).outputs).toHaveLength(1);
  });
});

describe("the server", () => {
  test("is live and ready and claims the extensions that it has", async () => {
    expect(await stage.inference.client.serverLive({})).toEqual({ live: true });
    expect(await stage.inference.client.serverReady({})).toEqual({ ready: true });
    expect(await stage.inference.client.serverMetadata({})).toEqual({
      name: "triton",
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      extensions: expect.arrayContaining(["classification", "parameters", "trace", "logging"]),
    });
    expect(stage.inference.ready()).toBe(true);
  });
});
