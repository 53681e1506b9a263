/** For every fault of a request the status and the text that Triton's clients know. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type InferenceServer, startInferenceServer } from "./inference-server.ts";
import { type ModelFolder, modelFolder } from "./model-folder.ts";
import { same, scaling } from "./models.ts";
import { inferFrame, type RawClient, rawClient, service } from "./raw-client.ts";

let models: ModelFolder;
let inference: InferenceServer;
let raw: RawClient;

beforeAll(async () => {
  models = await modelFolder();
  await models.put("same-BYTES/1/model.onnx", same("BYTES"));
  await models.put("scaler/1/model.onnx", scaling(2));
  await models.put("small/1/model.onnx", scaling(2));
  await models.put("small/config.pbtxt", "max_batch_size: 4");
  inference = await startInferenceServer({ env: { AMAAS_MODEL_REPOSITORY: models.path } });
  for (const name of ["same-BYTES", "scaler", "small"]) await inference.serves(name, 1);
  raw = rawClient(inference.address);
}, 120_000);

afterAll(async () => {
  raw?.close();
  await inference?.stop();
  await models?.close();
});

const text = (value: string) => new TextEncoder().encode(value);

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
