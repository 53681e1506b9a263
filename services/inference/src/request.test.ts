import { isDomainError } from "@amaas/errors";
import { ModelInferRequest } from "@amaas/proto/inference/grpc_service";
import { describe, expect, test } from "vitest";
import { readFeeds, requestedOutputs, rowsOf, type Signature } from "./request.ts";

const signature: Signature = {
  inputs: [
    { name: "pixels", type: "FP32", shape: ["rows", 2] },
    { name: "species", type: "BYTES", shape: ["rows", 1] },
  ],
  outputs: [
    { name: "label", type: "INT64", shape: ["rows"] },
    { name: "probabilities", type: "FP32", shape: ["rows", 3] },
  ],
};

const counted = { countsRows: true, mostRows: undefined };

type Request = Parameters<typeof ModelInferRequest.fromPartial>[0];

const pixels = { name: "pixels", datatype: "FP32", shape: [2n, 2n] };
const species = { name: "species", datatype: "BYTES", shape: [2n, 1n] };
const pixelBytes = new Uint8Array(new Float32Array([1, 2, 3, 4]).buffer);
const speciesBytes = Uint8Array.of(2, 0, 0, 0, 0xc3, 0xa4, 0, 0, 0, 0);
const raw = { inputs: [pixels, species], rawInputContents: [pixelBytes, speciesBytes] };

function read(request: Request, of: Signature = signature) {
  return readFeeds(ModelInferRequest.fromPartial({ modelName: "m", ...request }), of);
}

/** The code, the field and the message of a refusal, on one line. */
function refusal(request: Request, of?: Signature): string {
  try {
    read(request, of);
  } catch (error) {
    if (isDomainError(error))
      return `${error.code} ${error.violations.map(({ field }) => field)}: ${error.message}`;
    throw error;
  }
  throw new Error("the request was not refused");
}

const one = (type: "INT8" | "UINT64" | "FP16" | "BOOL" | "FP32"): Signature => ({
  inputs: [{ name: "x", type, shape: [2] }],
  outputs: [],
});
/** Takes a tensor of any number of dimensions. */
const open: Signature = { inputs: [{ name: "x", type: "FP32", shape: [] }], outputs: [] };
const typed = (datatype: string, contents: object, shape = [2n]): Request => ({
  inputs: [{ name: "x", datatype, shape, contents }],
});

test("raw bytes become tensors that view them, text becomes strings", () => {
  const feeds = read(raw);
  expect(feeds.pixels).toEqual({
    type: "FP32",
    shape: [2, 2],
    data: new Float32Array([1, 2, 3, 4]),
  });
  expect((feeds.pixels!.data as Float32Array).buffer).toBe(pixelBytes.buffer);
  expect(feeds.species).toEqual({ type: "BYTES", shape: [2, 1], data: ["ä", ""] });
});

test("typed contents become the same tensors as raw bytes", () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const feeds = read({
    inputs: [
      { ...pixels, contents: { fp32Contents: [1, 2, 3, 4] } },
      { ...species, contents: { bytesContents: [bytes("ä"), bytes("")] } },
    ],
  });
  expect(feeds).toEqual(read(raw));
});

test("every element type has its typed field", () => {
  const cases = [
    ["BOOL", { boolContents: [true, false] }, Uint8Array.of(1, 0)],
    ["INT8", { intContents: [-128, 127] }, Int8Array.of(-128, 127)],
    ["INT16", { intContents: [-1, 2] }, Int16Array.of(-1, 2)],
    ["INT32", { intContents: [-1, 2] }, Int32Array.of(-1, 2)],
    ["INT64", { int64Contents: [-1n, 2n] }, BigInt64Array.of(-1n, 2n)],
    ["UINT8", { uintContents: [0, 255] }, Uint8Array.of(0, 255)],
    ["UINT16", { uintContents: [1, 2] }, Uint16Array.of(1, 2)],
    ["UINT32", { uintContents: [1, 2] }, Uint32Array.of(1, 2)],
    ["UINT64", { uint64Contents: [1n, 2n] }, BigUint64Array.of(1n, 2n)],
    ["FP64", { fp64Contents: [0.1, 2] }, Float64Array.of(0.1, 2)],
  ] as const;
  for (const [type, contents, data] of cases) {
    const of: Signature = { inputs: [{ name: "x", type, shape: [2] }], outputs: [] };
    expect(read(typed(type, contents), of).x).toEqual({ type, shape: [2], data });
  }
});

test("an empty batch is a batch", () => {
  const none = {
    ...raw,
    inputs: [pixels, species].map((i) => ({ ...i, shape: [0n, i.shape[1]!] })),
  };
  const feeds = read({ ...none, rawInputContents: [new Uint8Array(), new Uint8Array()] });
  expect(rowsOf("m", feeds, signature, counted)).toBe(0);
  expect(
    read(typed("FP32", {}, [0n]), {
      inputs: [{ name: "x", type: "FP32", shape: ["n"] }],
      outputs: [],
    }).x?.shape,
  ).toEqual([0]);
});

test("a refusal says what was found and what was wanted", () => {
  const shaped = (shape: bigint[]) => ({ ...raw, inputs: [{ ...pixels, shape }, species] });
  const lines = [
    refusal({ inputs: [pixels], rawInputContents: [pixelBytes] }),
    refusal({ ...raw, inputs: [pixels, { ...species, name: "genus" }] }),
    refusal({ ...raw, inputs: [pixels, { ...pixels }] }),
    refusal({ ...raw, inputs: [{ ...pixels, datatype: "FP64" }, species] }),
    refusal(shaped([2n, 3n])),
    refusal(shaped([2n])),
    refusal(shaped([-1n, 2n])),
    refusal(shaped([2n ** 62n, 2n])),
    refusal({ ...raw, rawInputContents: [pixelBytes.subarray(1), speciesBytes] }),
    refusal({ ...raw, rawInputContents: [pixelBytes] }),
    refusal({ ...raw, inputs: [{ ...pixels, contents: { fp32Contents: [1] } }, species] }),
    refusal({ ...raw, rawInputContents: [pixelBytes, speciesBytes.subarray(0, 9)] }),
    refusal({
      ...raw,
      rawInputContents: [pixelBytes, Uint8Array.of(1, 0, 0, 0, 0xff, 0, 0, 0, 0)],
    }),
    refusal({ inputs: [pixels, species] }),
    refusal(typed("INT8", { intContents: [1, 300] }), one("INT8")),
    refusal(typed("UINT64", { uintContents: [1, 2] }), one("UINT64")),
    refusal(typed("FP16", { fp32Contents: [1, 2] }), one("FP16")),
    refusal(
      {
        ...typed("BOOL", {}),
        inputs: [{ name: "x", datatype: "BOOL", shape: [2n] }],
        rawInputContents: [Uint8Array.of(1, 2)],
      },
      one("BOOL"),
    ),
    refusal({
      inputs: [pixels, species],
      rawInputContents: [pixelBytes, Uint8Array.of(1, 0, 0, 0, 0x61, 3, 0, 0, 0, 0x61, 0, 0x62)],
    }),
    refusal({
      inputs: [
        { ...pixels, contents: { fp32Contents: [1, 2, 3, 4] } },
        { ...species, contents: { bytesContents: [Uint8Array.of(0), Uint8Array.of(65)] } },
      ],
    }),
    refusal(typed("FP32", {}, new Array<bigint>(65).fill(1n)), open),
    refusal(typed("FP32", {}, new Array<bigint>(1_000_000).fill(2n ** 62n)), open),
    refusal({ ...raw, inputs: [{ ...pixels, parameters: { shared_memory_region: {} } }, species] }),
  ];
  expect(lines).toMatchInlineSnapshot(`
    [
      "invalid-argument inputs: expected 2 inputs but got 1 inputs for model 'm'. Got input(s) ['pixels'], but missing required input(s) ['species']. Please provide all required input(s).",
      "invalid-argument inputs[1]: unexpected inference input 'genus' for model 'm'",
      "invalid-argument inputs[1]: input 'pixels' already exists in request for model 'm'",
      "invalid-argument inputs[0].datatype: inference input 'pixels' data-type is 'FP64', but model 'm' expects 'FP32'",
      "invalid-argument inputs[0].shape: unexpected shape for input 'pixels' for model 'm'. Expected [-1,2], got [2,3]",
      "invalid-argument inputs[0].shape: unexpected shape for input 'pixels' for model 'm'. Expected [-1,2], got [2]",
      "invalid-argument inputs[0].shape: unexpected shape for input 'pixels' for model 'm'. Expected [-1,2], got [-1,2]",
      "invalid-argument inputs[0].shape: shape [4611686018427387904,2] of input 'pixels' for model 'm' has more than 2147483648 elements",
      "invalid-argument inputs[0]: input byte size mismatch for input 'pixels' for model 'm'. Expected 16, got 15",
      "invalid-argument raw_input_contents: the number of inputs (2) does not match the number of raw input contents (1) for model 'm'",
      "invalid-argument inputs[0].contents: contents field must not be specified when using raw_input_contents for 'pixels' for model 'm'",
      "invalid-argument inputs[1]: input 'species' for model 'm' is malformed: 9 bytes do not hold exactly 2 length-prefixed BYTES elements",
      "invalid-argument inputs[1]: input 'species' for model 'm' is malformed: BYTES element 0 is not UTF-8 text",
      "invalid-argument inputs[0]: input byte size mismatch for input 'pixels' for model 'm'. Expected 16, got 0",
      "invalid-argument inputs[0]: input 'x' for model 'm' is malformed: element 1 is 300, no INT8",
      "invalid-argument inputs[0].contents: unexpected explicit tensor data for input tensor 'x' for model 'm' of type 'UINT32', expected datatype 'UINT64': found uint_contents, wanted uint64_contents",
      "invalid-argument inputs[0].contents: unexpected explicit tensor data for input tensor 'x' for model 'm' of type 'FP32', expected datatype 'FP16': found fp32_contents, wanted raw_input_contents",
      "invalid-argument inputs[0]: input 'x' for model 'm' is malformed: a BOOL element is 2; it must be 0 or 1",
      "invalid-argument inputs[1]: input 'species' for model 'm' is malformed: BYTES element 1 holds a zero byte, which the engine's text cannot; encode it, for example in base64",
      "invalid-argument inputs[1]: input 'species' for model 'm' is malformed: BYTES element 0 holds a zero byte, which the engine's text cannot; encode it, for example in base64",
      "invalid-argument inputs[0].shape: shape of input 'x' for model 'm' has 65 dimensions; wanted at most 64",
      "invalid-argument inputs[0].shape: shape of input 'x' for model 'm' has 1000000 dimensions; wanted at most 64",
      "unimplemented inputs[0].parameters: parameter 'shared_memory_region' is not implemented; send the bytes in raw_input_contents",
    ]
  `);
});

describe("requested outputs", () => {
  const ask = (outputs: NonNullable<Request["outputs"]>) =>
    requestedOutputs(ModelInferRequest.fromPartial({ modelName: "m", outputs }), signature);

  test("are all of them where none is named, else those named, in that order", () => {
    const [label, probabilities] = ["label", "probabilities"].map((name) => ({ name, classes: 0 }));
    expect(ask([])).toEqual([label, probabilities]);
    expect(ask([{ name: "probabilities" }, { name: "label" }])).toEqual([probabilities, label]);
  });

  test("must exist and come once", () => {
    expect(() => ask([{ name: "loss" }])).toThrow(
      "unexpected inference output 'loss' for model 'm'",
    );
    expect(() => ask([{ name: "label" }, { name: "label" }])).toThrow("requested twice");
  });
});

describe("rows", () => {
  test("are counted where the first dimension counts them", () => {
    expect(rowsOf("m", read(raw), signature, counted)).toBe(2);
    expect(rowsOf("m", read(raw), signature, { ...counted, countsRows: false })).toBe(1);
  });

  test("are as many in every input, and not too many", () => {
    const short = { ...raw, inputs: [{ ...pixels, shape: [1n, 2n] }, species] };
    const feeds = read({ ...short, rawInputContents: [pixelBytes.subarray(8), speciesBytes] });
    expect(() => rowsOf("m", feeds, signature, counted)).toThrow(
      "input 'species' batch size does not match other inputs for 'm': found 2, others have 1",
    );
    expect(() => rowsOf("m", read(raw), signature, { ...counted, mostRows: 1 })).toThrow(
      "inference request batch-size must be <= 1 for 'm', found 2",
    );
  });
});
