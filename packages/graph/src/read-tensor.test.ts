/** Tensors in all the forms that files have for them. */
import {
  AttributeProto,
  AttributeProto_AttributeType as AttributeType,
  NodeProto,
  TensorProto,
} from "@amaas/proto/onnx/onnx";
import { toRaw } from "@amaas/tensor";
import { describe, expect, test } from "vitest";
import { graphBuilder, readModel, tensorOf, writeModel } from "./index.ts";
import { spoiled } from "./messages.fixture.ts";

describe("numbers in lists", () => {
  const constant = (list: Partial<TensorProto>) => {
    const bytes = spoiled(({ graph }) => {
      graph!.initializer.push(TensorProto.create({ name: "c", ...list }));
    });
    return readModel(bytes).graph.initializers.get("c");
  };

  test.each([
    [{ dataType: 1, dims: [2n], floatData: [1, 2] }, tensorOf("FP32", [2], [1, 2])],
    [{ dataType: 11, dims: [1n], doubleData: [0.1] }, tensorOf("FP64", [1], [0.1])],
    [{ dataType: 7, dims: [1n], int64Data: [-5n] }, tensorOf("INT64", [1], [-5])],
    [{ dataType: 13, dims: [1n], uint64Data: [5n] }, tensorOf("UINT64", [1], [5])],
    [
      { dataType: 12, dims: [1n], uint64Data: [2n ** 32n - 1n] },
      tensorOf("UINT32", [1], [2 ** 32 - 1]),
    ],
    [{ dataType: 6, dims: [2n], int32Data: [-1, 2] }, tensorOf("INT32", [2], [-1, 2])],
    [{ dataType: 3, dims: [1n], int32Data: [-128] }, tensorOf("INT8", [1], [-128])],
    [{ dataType: 9, dims: [2n], int32Data: [1, 0] }, tensorOf("BOOL", [2], [1, 0])],
    [{ dataType: 10, dims: [1n], int32Data: [0x3c00] }, tensorOf("FP16", [1], [1])],
    [{ dataType: 1, dims: [0n, 5n] }, tensorOf("FP32", [0, 5], [])],
  ] satisfies [Partial<TensorProto>, unknown][])("%o", (list, expected) => {
    expect(constant(list)).toEqual(expected);
  });
});

describe("weights are not copied", () => {
  test("at any alignment, on the way in and out again", () => {
    const g = graphBuilder("weights");
    const x = g.input("x", "FP32", ["n", 8]);
    const values = Array.from({ length: 8 }, (_, index) => index);
    const weights = values.map((value) =>
      g.initializer("w".repeat(value + 1), tensorOf("FP32", [8, 8], new Array(64).fill(value))),
    );
    g.output(
      "y",
      weights.reduce((h, w) => g.matMul(h, w), x),
    );
    const bytes = writeModel(g.model());
    const { initializers } = readModel(bytes).graph;
    const offsets = new Set([...initializers.values()].map((w) => toRaw(w).byteOffset % 4));
    expect(offsets.size).toBe(4);
    for (const w of initializers.values()) expect(toRaw(w).buffer).toBe(bytes.buffer);
    for (const [name, w] of initializers) expect(w.data[63]).toBe(name.length - 1);
  });
});

describe("sparse tensors become dense ones", () => {
  const int64 = (dims: readonly number[], values: readonly number[]) =>
    TensorProto.create({ dataType: 7, dims: dims.map(BigInt), int64Data: values.map(BigInt) });
  const values = (...list: readonly number[]) =>
    TensorProto.create({
      name: "c",
      dataType: 1,
      dims: [BigInt(list.length)],
      floatData: [...list],
    });
  const sparse = (
    indices: TensorProto,
    dims: readonly number[],
    limits = {},
    given = values(5, 6, 7),
  ) => {
    const bytes = spoiled(({ graph }) => {
      graph!.sparseInitializer.push({ values: given, indices, dims: dims.map(BigInt) });
    });
    return readModel(bytes, { limits }).graph.initializers.get("c");
  };

  test("placed by position, or by coordinates", () => {
    const dense = tensorOf("FP32", [2, 3], [0, 5, 0, 6, 0, 7]);
    expect(sparse(int64([3], [1, 3, 5]), [2, 3])).toEqual(dense);
    expect(sparse(int64([3, 2], [0, 1, 1, 0, 1, 2]), [2, 3])).toEqual(dense);
  });

  test("in a Constant node", () => {
    const bytes = spoiled(({ graph }) => {
      const attribute = AttributeProto.create({
        name: "sparse_value",
        type: AttributeType.SPARSE_TENSOR,
        sparseTensor: { values: values(5), indices: int64([1], [1]), dims: [3n] },
      });
      graph!.node.unshift(
        NodeProto.create({ opType: "Constant", output: ["k"], attribute: [attribute] }),
      );
    });
    expect(readModel(bytes).graph.initializers.get("k")).toEqual(tensorOf("FP32", [3], [0, 5, 0]));
  });

  test.each<[string, () => unknown, string]>([
    ["a position outside", () => sparse(int64([3], [1, 3, 6]), [2, 3]), "index 6 is outside the 6"],
    ["one before the start", () => sparse(int64([3], [-1, 3, 5]), [2, 3]), "index -1 is outside"],
    ["one twice", () => sparse(int64([3], [1, 3, 3]), [2, 3]), "must rise"],
    ["a coordinate outside", () => sparse(int64([3, 2], [0, 1, 1, 0, 1, 3]), [2, 3]), "index 3 is"],
    ["too few indices", () => sparse(int64([2], [1, 3]), [2, 3]), "do not place 3 elements"],
    ["another rank", () => sparse(int64([3, 1], [1, 3, 5]), [2, 3]), "do not place 3 elements"],
    ["no indices", () => sparse(TensorProto.create({ dataType: 7 }), [6]), "but 0 are there"],
    [
      "more than may be taken",
      () => sparse(int64([3], [1, 3, 5]), [2 ** 20, 2 ** 20]),
      "of memory allowed",
    ],
    [
      "what is too large for a limit",
      () => sparse(int64([3], [1, 3, 5]), [100, 1000], { memory: 300_000 }),
      "of memory allowed",
    ],
  ])("refuses %s", (_, read, wanted) => {
    expect(read).toThrow(
      expect.objectContaining({
        code: "invalid-argument",
        message: expect.stringContaining(wanted),
      }),
    );
  });
});
