/** What goes over the wire: tensors of every type, raw and typed, without elements or dimensions, and as classes. */
import { graphBuilder, writeModel } from "@amaas/graph";
import type { DataType } from "@amaas/tensor";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type InferenceServer, startInferenceServer } from "./inference-server.ts";
import { type ModelFolder, modelFolder } from "./model-folder.ts";
import { same, scaling } from "./models.ts";

const types = [
  ...["BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64"],
  ...["FP16", "FP32", "FP64", "BYTES"],
] as DataType[];

let models: ModelFolder;
let inference: InferenceServer;

beforeAll(async () => {
  models = await modelFolder();
  for (const type of types) await models.put(`same-${type}/1/model.onnx`, same(type));
  await models.put("scalar/1/model.onnx", scalar());
  await models.put("scaler/1/model.onnx", scaling(2));
  inference = await startInferenceServer({ env: { AMAAS_MODEL_REPOSITORY: models.path } });
  for (const name of ["scalar", "scaler"]) await inference.serves(name, 1, 60_000);
  for (const type of types) await inference.serves(`same-${type}`, 1, 60_000);
}, 120_000);

afterAll(async () => {
  await inference?.stop();
  await models?.close();
});

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
