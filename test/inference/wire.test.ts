/**
 * What goes over the wire: tensors of every type, raw and typed, and for every fault of a request the
 * status and the text that Triton's clients know.
 */
import { graphBuilder, writeModel } from "@amaas/graph";
import type { DataType } from "@amaas/tensor";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type InferenceServer, startInferenceServer } from "./inference-server.ts";
import { type ModelFolder, modelFolder } from "./model-folder.ts";
import { scaling } from "./models.ts";
import { inferFrame, type RawClient, rawClient, service } from "./raw-client.ts";

const types = [
  ...["BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64"],
  ...["FP16", "FP32", "FP64", "BYTES"],
] as DataType[];

let models: ModelFolder;
let inference: InferenceServer;
let raw: RawClient;

beforeAll(async () => {
  models = await modelFolder();
  for (const type of types) await models.put(`same-${type}/1/model.onnx`, same(type));
  await models.put("scalar/1/model.onnx", scalar());
  await models.put("scaler/1/model.onnx", scaling(2));
  await models.put("small/1/model.onnx", scaling(2));
  await models.put("small/config.pbtxt", "max_batch_size: 4");
  inference = await startInferenceServer({ env: { AMAAS_MODEL_REPOSITORY: models.path } });
  await inference.serves("small", 1, 60_000);
  for (const type of types) await inference.serves(`same-${type}`, 1, 60_000);
  raw = rawClient(inference.address);
}, 120_000);

afterAll(async () => {
  raw?.close();
  await inference?.stop();
  await models?.close();
});

function same(type: DataType): Uint8Array {
  const g = graphBuilder("same");
  g.output("y", g.identity(g.input("x", type, ["rows", 2])));
  return writeModel(g.model());
}

function scalar(): Uint8Array {
  const g = graphBuilder("scalar");
  g.output("y", g.identity(g.input("x", "FP64", [])));
  return writeModel(g.model());
}

const bytesOf = (array: ArrayBufferView) =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const text = (value: string) => new TextEncoder().encode(value);

/** Two rows of two of every type, in both forms where there are two. */
const values: Record<string, { readonly raw: Uint8Array; readonly typed?: object }> = {
  BOOL: { raw: Uint8Array.of(1, 0, 0, 1), typed: { boolContents: [true, false, false, true] } },
  UINT8: { raw: Uint8Array.of(0, 1, 254, 255), typed: { uintContents: [0, 1, 254, 255] } },
  UINT16: {
    raw: bytesOf(Uint16Array.of(0, 1, 2, 65_535)),
    typed: { uintContents: [0, 1, 2, 65_535] },
  },
  UINT32: {
    raw: bytesOf(Uint32Array.of(0, 1, 2, 2 ** 32 - 1)),
    typed: { uintContents: [0, 1, 2, 2 ** 32 - 1] },
  },
  UINT64: {
    raw: bytesOf(BigUint64Array.of(0n, 1n, 2n, 2n ** 64n - 1n)),
    typed: { uint64Contents: [0n, 1n, 2n, 2n ** 64n - 1n] },
  },
  INT8: {
    raw: bytesOf(Int8Array.of(-128, -1, 0, 127)),
    typed: { intContents: [-128, -1, 0, 127] },
  },
  INT16: {
    raw: bytesOf(Int16Array.of(-32_768, -1, 0, 32_767)),
    typed: { intContents: [-32_768, -1, 0, 32_767] },
  },
  INT32: {
    raw: bytesOf(Int32Array.of(-(2 ** 31), -1, 0, 2 ** 31 - 1)),
    typed: { intContents: [-(2 ** 31), -1, 0, 2 ** 31 - 1] },
  },
  INT64: {
    raw: bytesOf(BigInt64Array.of(-(2n ** 63n), -1n, 0n, 2n ** 63n - 1n)),
    typed: { int64Contents: [-(2n ** 63n), -1n, 0n, 2n ** 63n - 1n] },
  },
  // One, minus two, infinity and a number that is none.
  FP16: { raw: bytesOf(Uint16Array.of(0x3c00, 0xc000, 0x7c00, 0x7e01)) },
  FP32: {
    // A NaN's own bits, and minus zero.
    raw: bytesOf(Uint32Array.of(0x7fc0_1234, 0x8000_0000, 0xff80_0000, 0x3f80_0000)),
    typed: { fp32Contents: [Number.NaN, -0, Number.NEGATIVE_INFINITY, 1] },
  },
  FP64: {
    raw: bytesOf(Float64Array.of(Number.NaN, -0, Number.POSITIVE_INFINITY, 1e-320)),
    typed: { fp64Contents: [Number.NaN, -0, Number.POSITIVE_INFINITY, 1e-320] },
  },
  BYTES: {
    raw: Buffer.concat(["", "a", "ä€🙂", "\ufeffx"].map(text).map((value) => prefixed(value))),
    typed: { bytesContents: ["", "a", "ä€🙂", "\ufeffx"].map(text) },
  },
};

function prefixed(value: Uint8Array): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(value.byteLength);
  return Buffer.concat([length, value]);
}

describe.each(types)("%s", (type) => {
  const { raw: bytes, typed } = values[type]!;
  const x = { name: "x", datatype: type, shape: [2n, 2n] };
  const modelName = `same-${type}`;

  test("goes raw and comes back as it was, bit for bit", async () => {
    const answer = await inference.client.modelInfer({
      ...{ modelName, inputs: [x] },
      rawInputContents: [bytes],
    });
    expect(answer.outputs).toMatchObject([{ name: "y", datatype: type, shape: [2n, 2n] }]);
    expect(Buffer.from(answer.rawOutputContents[0]!)).toEqual(Buffer.from(bytes));
  });

  test("goes typed to the same values, or says that it cannot", async () => {
    const contents = typed ?? { fp32Contents: [1, 2, 3, 4] };
    const asked = inference.client.modelInfer({ modelName, inputs: [{ ...x, contents }] });
    if (typed === undefined)
      await expect(asked).rejects.toMatchObject({ code: "invalid-argument" });
    else {
      const [found] = (await asked).rawOutputContents;
      if (type === "FP32" || type === "FP64") expect(numbers(found!)).toEqual(numbers(bytes));
      else expect(Buffer.from(found!)).toEqual(Buffer.from(bytes));
    }
  });

  // The bits of a NaN may change on the way through a number.
  function numbers(from: Uint8Array): number[] {
    return [...new (type === "FP32" ? Float32Array : Float64Array)(from.slice().buffer)];
  }

  test("without elements has none", async () => {
    const answer = await inference.client.modelInfer({
      ...{ modelName, inputs: [{ ...x, shape: [0n, 2n] }] },
      rawInputContents: [new Uint8Array()],
    });
    expect(answer.outputs).toMatchObject([{ shape: [0n, 2n] }]);
    expect(answer.rawOutputContents).toEqual([new Uint8Array()]);
  });
});

test("a scalar has no dimensions", async () => {
  const answer = await inference.client.modelInfer({
    modelName: "scalar",
    inputs: [{ name: "x", datatype: "FP64", shape: [] }],
    rawInputContents: [bytesOf(Float64Array.of(0.5))],
  });
  expect(answer.outputs).toMatchObject([{ shape: [] }]);
  expect(Buffer.from(answer.rawOutputContents[0]!).readDoubleLE()).toBe(0.5);
});

test("an output is asked for as its largest classes", async () => {
  const answer = await inference.client.modelInfer({
    modelName: "scaler",
    inputs: [{ name: "x", datatype: "FP32", shape: [2n, 4n] }],
    outputs: [
      {
        name: "y",
        parameters: { classification: { parameterChoice: { $case: "int64Param", value: 2n } } },
      },
    ],
    rawInputContents: [bytesOf(Float32Array.of(1, 3, 2, 0, 0, 0, 0.125, -1))],
  });
  expect(answer.outputs).toMatchObject([{ name: "y", datatype: "BYTES", shape: [2n, 2n] }]);
  expect(Buffer.from(answer.rawOutputContents[0]!)).toEqual(
    Buffer.concat(["6.000000:1", "4.000000:2", "0.250000:2", "0.000000:0"].map(text).map(prefixed)),
  );
});

describe("a faulty request", () => {
  const x = { name: "x", datatype: "FP32", shape: [1n, 4n] };
  const four = new Uint8Array(16);
  const good = { modelName: "scaler", inputs: [x], rawInputContents: [four] };
  const string = { name: "x", datatype: "BYTES", shape: [1n, 2n] };
  const int = (value: bigint) => ({ parameterChoice: { $case: "int64Param" as const, value } });
  const bool = { parameterChoice: { $case: "boolParam" as const, value: true } };
  const region = { shared_memory_region: { parameterChoice: undefined } };
  const tiny = { ...x, name: "" };

  const [invalid, notFound, unimplemented] = [3, 5, 12];
  const cases: [string, Parameters<typeof inferFrame>[0], number, string][] = [
    [
      "of an unknown model",
      { ...good, modelName: "nobody" },
      notFound,
      "Request for unknown model: 'nobody' is not found",
    ],
    [
      "of an unknown version",
      { ...good, modelVersion: "7" },
      notFound,
      "Request for unknown model: 'scaler' version '7' is not found",
    ],
    [
      "without inputs",
      { modelName: "scaler" },
      invalid,
      "expected 1 inputs but got 0 inputs for model 'scaler'. Got input(s) [], but missing required input(s) ['x']. Please provide all required input(s).",
    ],
    [
      "with an unknown input",
      { ...good, inputs: [{ ...x, name: "z" }] },
      invalid,
      "unexpected inference input 'z' for model 'scaler'",
    ],
    [
      "with an input twice",
      { ...good, inputs: [x, x], rawInputContents: [four, four] },
      invalid,
      "input 'x' already exists in request",
    ],
    [
      "with ten thousand inputs",
      {
        ...good,
        inputs: Array.from({ length: 10_000 }, (_, index) => ({ ...tiny, name: `i${index}` })),
        rawInputContents: Array.from({ length: 10_000 }, () => four),
      },
      invalid,
      "unexpected inference input 'i0'",
    ],
    [
      "with a wrong shape",
      { ...good, inputs: [{ ...x, shape: [2n, 8n] }] },
      invalid,
      "unexpected shape for input 'x' for model 'scaler'. Expected [-1,4], got [2,8]",
    ],
    [
      "with a negative dimension",
      { ...good, inputs: [{ ...x, shape: [-1n, 4n] }] },
      invalid,
      "unexpected shape for input 'x' for model 'scaler'. Expected [-1,4], got [-1,4]",
    ],
    [
      "with a dimension that no memory has",
      { ...good, inputs: [{ ...x, shape: [2n ** 62n, 4n] }] },
      invalid,
      "has more than",
    ],
    [
      "with a million dimensions",
      { ...good, inputs: [{ ...x, shape: new Array<bigint>(1_000_000).fill(2n ** 62n) }] },
      invalid,
      "unexpected shape for input 'x' for model 'scaler'. Expected [-1,4], got [4611686018427387904,",
    ],
    [
      "with more rows than a batch may have",
      {
        modelName: "small",
        inputs: [{ ...x, shape: [5n, 4n] }],
        rawInputContents: [new Uint8Array(80)],
      },
      invalid,
      "inference request batch-size must be <= 4 for 'small'",
    ],
    [
      "with too few bytes",
      { ...good, rawInputContents: [new Uint8Array(12)] },
      invalid,
      "input byte size mismatch for input 'x' for model 'scaler'. Expected 16, got 12",
    ],
    [
      "with too many bytes",
      { ...good, rawInputContents: [new Uint8Array(20)] },
      invalid,
      "input byte size mismatch for input 'x' for model 'scaler'. Expected 16, got 20",
    ],
    [
      "with too few typed values",
      { modelName: "scaler", inputs: [{ ...x, contents: { fp32Contents: [1] } }] },
      invalid,
      "input byte size mismatch for input 'x' for model 'scaler'. Expected 16, got 4",
    ],
    [
      "with raw and typed contents",
      { ...good, inputs: [{ ...x, contents: { fp32Contents: [1] } }] },
      invalid,
      "contents field must not be specified when using raw_input_contents for 'x' for model 'scaler'",
    ],
    [
      "with values of another type",
      { modelName: "scaler", inputs: [{ ...x, contents: { intContents: [1, 2, 3, 4] } }] },
      invalid,
      "unexpected explicit tensor data for input tensor 'x' for model 'scaler' of type 'INT32', expected datatype 'FP32'",
    ],
    [
      "with another datatype",
      { ...good, inputs: [{ ...x, datatype: "BF16" }] },
      invalid,
      "inference input 'x' data-type is 'BF16', but model 'scaler' expects 'FP32'",
    ],
    [
      "with too few texts",
      { modelName: "same-BYTES", inputs: [{ ...string, contents: { bytesContents: [four] } }] },
      invalid,
      "input element count mismatch for input 'x' for model 'same-BYTES'. Expected 2, got 1",
    ],
    [
      "with a text longer than its bytes",
      {
        modelName: "same-BYTES",
        inputs: [string],
        rawInputContents: [Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0)],
      },
      invalid,
      "input 'x' for model 'same-BYTES' is malformed",
    ],
    [
      "with bytes that are no text",
      {
        modelName: "same-BYTES",
        inputs: [{ ...string, contents: { bytesContents: [Uint8Array.of(0xff), text("a")] } }],
      },
      invalid,
      "BYTES element 0 is not UTF-8 text",
    ],
    [
      "with text that the engine would cut",
      {
        modelName: "same-BYTES",
        inputs: [{ ...string, contents: { bytesContents: [text("a"), text("a\0b")] } }],
      },
      invalid,
      "BYTES element 1 holds a zero byte",
    ],
    [
      "for an unknown output",
      { ...good, outputs: [{ name: "z" }] },
      invalid,
      "unexpected inference output 'z' for model 'scaler'",
    ],
    [
      "for no classes",
      { ...good, outputs: [{ name: "y", parameters: { classification: int(0n) } }] },
      invalid,
      "invalid value for 'classification' parameter, expected >= 0",
    ],
    [
      "with a priority that is none",
      { ...good, parameters: { priority: bool } },
      invalid,
      "invalid value type for 'priority' parameter, expected int64_param or uint64_param.",
    ],
    [
      "with a reserved parameter",
      { ...good, parameters: { triton_secret: bool } },
      invalid,
      "parameter keys starting with 'triton_' are reserved for Triton usage",
    ],
    [
      "of a sequence",
      { ...good, parameters: { sequence_id: int(3n), sequence_start: bool } },
      unimplemented,
      "requests are independent of one another",
    ],
    [
      "with memory that is shared",
      { ...good, inputs: [{ ...x, parameters: region }] },
      unimplemented,
      "parameter 'shared_memory_region' is not implemented",
    ],
    [
      "for an output in memory that is shared",
      { ...good, outputs: [{ name: "y", parameters: region }] },
      unimplemented,
      "parameter 'shared_memory_region' is not implemented",
    ],
  ];

  test.each(cases)("%s is refused", async (_, request, code, message) => {
    const outcome = await raw.send(`${service}/ModelInfer`, inferFrame(request));
    expect(outcome).toMatchObject({ code, message: expect.stringContaining(message) });
  });

  test("with parameters of its own, however many, is answered", async () => {
    const many = Array.from({ length: 10_000 }, (_, index) => [`own-${index}`, bool] as const);
    const parameters = Object.fromEntries([...many, ["binary_data_output", bool]]);
    const outcome = await raw.send(
      `${service}/ModelInfer`,
      inferFrame({ ...good, parameters, inputs: [{ ...x, parameters }] }),
    );
    expect(outcome).toMatchObject({ code: 0, replies: [expect.anything()] });
  });

  test.each([
    ["SystemSharedMemoryStatus", "system shared memory is not implemented"],
    ["SystemSharedMemoryRegister", "system shared memory is not implemented"],
    ["SystemSharedMemoryUnregister", "system shared memory is not implemented"],
    ["CudaSharedMemoryStatus", "CUDA shared memory is not implemented"],
    ["CudaSharedMemoryRegister", "CUDA shared memory is not implemented"],
    ["CudaSharedMemoryUnregister", "CUDA shared memory is not implemented"],
  ])("%s says why it is not there", async (method, message) => {
    const outcome = await raw.send(`${service}/${method}`, new Uint8Array(5));
    expect(outcome).toMatchObject({
      code: unimplemented,
      message: expect.stringContaining(message),
    });
  });
});
