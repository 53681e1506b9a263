import { evaluate } from "@amaas/graph";
import type { ArraysSpec, Task } from "@amaas/spec";
import { type Tensor, tensor } from "@amaas/tensor";
import { describe, expect, test } from "vitest";
import {
  type Dataset,
  defaultLimits,
  encodeNpy,
  fitFeatures,
  type NpyType,
  readDataset,
} from "./index.ts";

const spec = { format: "arrays", features: "x.npy", labels: "y.npy" } as const;
const classes = tensor("INT64", [3], BigInt64Array.of(5n, -2n, 5n));

function read(
  features: Tensor<NpyType>,
  labels: Tensor<NpyType>,
  task: Task = "classification",
  seen: Pick<ArraysSpec, "shape" | "vocabulary" | "idsFrom"> = {},
): Promise<Dataset> {
  const files: Record<string, Uint8Array> = {
    "x.npy": encodeNpy(features),
    "y.npy": encodeNpy(labels),
  };
  return readDataset({ ...spec, ...seen }, task, async (ref) => files[ref] ?? new Uint8Array());
}

describe("arrays", () => {
  test.each([
    ["floats", tensor("FP32", [3, 2], Float32Array.of(1, 2, 3, 4, 5, 6.5))],
    ["floats", tensor("FP64", [3, 2], Float64Array.of(1, 2, 3, 4, 5, 6.5))],
    ["integers", tensor("UINT8", [3, 2], Uint8Array.of(1, 2, 3, 4, 5, 255))],
    ["integers", tensor("INT32", [3, 2], Int32Array.of(1, 2, 3, 4, 5, -6))],
    ["integers", tensor("INT64", [3, 2], BigInt64Array.of(1n, 2n, 3n, 4n, 5n, -6n))],
  ] as const)("of %s ($type) become one input of float32", async (source, features) => {
    const dataset = await read(features, classes);
    expect(dataset).toMatchObject({
      source,
      rows: 3,
      skippedRows: 0,
      inputs: [{ name: "input", datatype: "FP32", shape: [-1, 2] }],
      labels: { kind: "class", classes: [-2, 5], values: Int32Array.of(1, 0, 1) },
    });
    expect(dataset.tensors(Uint32Array.of(2, 0))).toEqual({
      input: {
        type: "FP32",
        shape: [2, 2],
        data: Float32Array.of(5, Number(features.data[5]), 1, 2),
      },
    });
  });

  test("have values as labels of a regression", async () => {
    const features = tensor("FP32", [2, 1], Float32Array.of(1, 2));
    const labels = tensor("FP64", [2], Float64Array.of(0.5, 7));
    expect((await read(features, labels, "regression")).labels).toEqual({
      kind: "value",
      values: Float32Array.of(0.5, 7),
    });
  });
});

describe("arrays of more axes", () => {
  const six = Float32Array.from({ length: 18 }, (_, index) => index);

  test.each([
    [[3, 2, 3], undefined, [1, 2, 3]],
    [[3, 3, 1, 2], undefined, [3, 1, 2]],
    [
      [3, 6],
      [1, 2, 3],
      [1, 2, 3],
    ],
    [
      [3, 2, 3],
      [2, 3],
      [2, 3],
    ],
    [[3, 6], undefined, undefined],
  ])("%j with data.shape %j is seen as %j", async (axes, given, seen) => {
    const dataset = await read(tensor("FP32", axes, six), classes, "classification", {
      ...(given && { shape: given }),
    });
    expect(dataset.shape).toEqual(seen);
    expect(dataset.inputs[0]?.shape).toEqual(axes.with(0, -1));
    expect(dataset.tensors(Uint32Array.of(1)).input).toEqual(
      tensor("FP32", axes.with(0, 1), six.slice(6, 12)),
    );
    const { model, width, shape } = fitFeatures(dataset, Uint32Array.of(0, 1));
    expect({ width, shape }).toEqual({ width: 6, shape: seen });
    const { features } = evaluate(model.graph, dataset.tensors(Uint32Array.of(2)));
    expect(features!.shape).toEqual([1, 6]);
    expect([...features!.data]).toEqual([12, 13, 14, 15, 16, 17]);
  });

  test("are refused where data.shape is another size", async () => {
    const features = tensor("FP32", [3, 6], six);
    await expect(read(features, classes, "classification", { shape: [1, 2, 2] })).rejects.toThrow(
      "data.shape: [1,2,2] has 4 elements, wanted 6",
    );
  });
});

describe("tokens", () => {
  const ids = tensor("INT32", [3, 2], Int32Array.of(1, 2, 3, 0, 5, 4));

  test("keep their ids", async () => {
    const dataset = await read(ids, classes, "classification", { vocabulary: 6 });
    expect(dataset).toMatchObject({ source: "tokens", vocabulary: 6 });
    const { model, vocabulary } = fitFeatures(dataset, Uint32Array.of(0));
    expect(vocabulary).toBe(6);
    const input = tensor("FP32", [2, 2], Float32Array.of(5, 6, -1, Number.NaN));
    expect([...evaluate(model.graph, { input }).features!.data]).toEqual([5, 0, 0, 0]);
  });

  test("say from which on they are a file's", async () => {
    const idsFrom = async (first?: 0 | 1) =>
      fitFeatures(
        await read(ids, classes, "classification", {
          vocabulary: 6,
          ...(first !== undefined && { idsFrom: first }),
        }),
        Uint32Array.of(0),
      ).firstOfFile;
    expect(await idsFrom(1)).toBe(1);
    expect(await idsFrom(0)).toBeUndefined();
    expect(await idsFrom()).toBeUndefined();
  });

  test("outside the vocabulary are refused", async () => {
    await expect(read(ids, classes, "classification", { vocabulary: 5 })).rejects.toThrow(
      "data.features: row 3, column 1: found 5, wanted a whole number from 0 to 4",
    );
  });
});

describe("arrays that do not fit are refused", () => {
  const features = tensor("FP32", [3, 2], Float32Array.of(1, 2, 3, 4, 5, 6));
  const withValue = (value: number) =>
    tensor("FP64", [3, 2], Float64Array.of(1, 2, 3, value, 5, 6));

  test.each([
    [
      "of one axis",
      tensor("FP32", [6], features.data),
      classes,
      "has shape [6], wanted [rows, features]",
    ],
    [
      "of five axes",
      tensor("FP32", [3, 2, 1, 1, 1], features.data),
      classes,
      "has shape [3,2,1,1,1]",
    ],
    ["without rows", tensor("FP32", [0, 2], new Float32Array()), classes, "has shape [0,2]"],
    [
      "of other length",
      features,
      tensor("UINT8", [2], Uint8Array.of(1, 2)),
      "has shape [2], wanted [3]",
    ],
    [
      "labels of two axes",
      features,
      tensor("UINT8", [3, 1], Uint8Array.of(1, 2, 3)),
      "has shape [3,1]",
    ],
    ["not a number", withValue(Number.NaN), classes, "data.features: row 2, column 2: found NaN"],
    ["beyond float32", withValue(1e39), classes, "row 2, column 2: found 1e+39"],
    [
      "labels between classes",
      features,
      tensor("FP32", [3], Float32Array.of(1, 1.5, 2)),
      "row 2: found 1.5, wanted a whole number",
    ],
    [
      "labels missing",
      features,
      tensor("FP32", [3], Float32Array.of(1, 2, Number.NaN)),
      "data.labels: row 3",
    ],
    [
      "one class",
      features,
      tensor("UINT8", [3], Uint8Array.of(1, 1, 1)),
      "data.labels: found 1 class",
    ],
  ])("%s", async (_, x, y, message) => {
    await expect(read(x, y)).rejects.toThrow(message);
  });

  test("no arrays", async () => {
    await expect(
      readDataset(spec, "classification", async () => Buffer.from("a,b")),
    ).rejects.toThrow("data.features: the array file does not begin like a .npy file");
  });

  test("too large", async () => {
    const bytes = encodeNpy(features);
    await expect(
      readDataset(spec, "classification", async () => bytes, { ...defaultLimits, arrayBytes: 100 }),
    ).rejects.toThrow("wanted at most 100");
  });
});
