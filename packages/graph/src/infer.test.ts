import { describe, expect, test } from "vitest";
import { type GraphBuilder, graphBuilder, inferTypes, printType, type Value } from "./index.ts";

const type = (build: (g: GraphBuilder) => Value): string => {
  const { type: found, shape } = build(graphBuilder("case"));
  return found ? printType({ type: found, shape }) : "unknown";
};
const x = (g: GraphBuilder, ...shape: readonly (number | string)[]) => g.input("x", "FP32", shape);
const y = (g: GraphBuilder, ...shape: readonly (number | string)[]) => g.input("y", "FP32", shape);

describe("sizes that are symbols", () => {
  test.each([
    ["the same symbol stays", (g: GraphBuilder) => g.add(x(g, "n", 3), y(g, "n", 1)), "FP32[n, 3]"],
    ["1 gives way", (g) => g.add(x(g, 1, 3), y(g, "n", 1)), "FP32[n, 3]"],
    ["a number wins", (g) => g.add(x(g, "n"), y(g, 4)), "FP32[4]"],
    ["two symbols are unknown", (g) => g.add(x(g, "n"), y(g, "m")), "FP32[?]"],
    ["ranks fill up in front", (g) => g.where(g.isNaN(x(g, "n", 1)), y(g, 5), y2(g)), "FP32[n, 5]"],
    ["products of matrices", (g) => g.matMul(x(g, "b", "n", 3), y(g, 3, "k")), "FP32[b, n, k]"],
    ["a vector goes", (g) => g.matMul(x(g, 3), y(g, "b", 3, 2)), "FP32[b, 2]"],
    [
      "gemm",
      (g) => g.gemm(x(g, "k", "n"), y(g, 4, "k"), undefined, { transA: 1, transB: 1 }),
      "FP32[n, 4]",
    ],
    ["reductions", (g) => g.reduceSum(x(g, "n", 3), [1], { keepdims: false }), "FP32[n]"],
    ["all axes", (g) => g.reduceMean(x(g, "n", 3), undefined, { keepdims: false }), "FP32[]"],
    [
      "axes of unknown place",
      (g) => g.node("ReduceSum", [x(g, "n", 3), g.input("a", "INT64", [1])], { keepdims: 0 }),
      "FP32[?]",
    ],
    ["the largest", (g) => g.argMax(x(g, "n", 3), -1, { keepdims: false }), "INT64[n]"],
    ["transposes", (g) => g.transpose(x(g, "n", 3, "m"), [2, 0, 1]), "FP32[m, n, 3]"],
    ["a size that is left open", (g) => g.reshape(x(g, "n", 4, 2), [-1, 8]), "FP32[n, 8]"],
    ["a size that does not cancel", (g) => g.reshape(x(g, "n", 4), [-1, 8]), "FP32[?, 8]"],
    ["a size that is copied", (g) => g.reshape(x(g, "n", 4), [0, 2, 2]), "FP32[n, 2, 2]"],
    ["to the shape of another", (g) => g.reshape(x(g, "k"), g.shape(y(g, "n", 4))), "FP32[n, 4]"],
    [
      "to a joined shape",
      (g) => g.expand(x(g, 1), g.concat([g.shape(y(g, "n", 4), 0, 1), g.ints([7])], 0)),
      "FP32[n, 7]",
    ],
    [
      "to a gathered shape",
      (g) => g.expand(x(g, 1), g.gather(g.shape(y(g, "n", 4)), g.ints([1, 0]))),
      "FP32[4, n]",
    ],
    [
      "to a shape of known rank",
      (g) => g.expand(x(g, 3), g.input("s", "INT64", [2])),
      "FP32[?, 3]",
    ],
    [
      "to a shape of unknown rank",
      (g) => g.reshape(x(g, 3), g.input("s", "INT64", ["r"])),
      "FP32[...]",
    ],
    ["squeezed", (g) => g.squeeze(x(g, 1, "n", 1), [0, -1]), "FP32[n]"],
    ["squeezed wherever it is 1", (g) => g.squeeze(x(g, 1, 3)), "FP32[3]"],
    ["unsqueezed", (g) => g.unsqueeze(x(g, "n"), [0, -1]), "FP32[1, n, 1]"],
    [
      "gathered",
      (g) => g.gather(x(g, "n", 3), g.input("i", "INT64", ["k", 2]), 1),
      "FP32[n, k, 2]",
    ],
    [
      "one-hot",
      (g) => g.oneHot(g.input("i", "INT64", ["n"]), g.ints([5]), g.constant(pair)),
      "FP32[n, 5]",
    ],
    ["joined", (g) => g.concat([x(g, "n", 2), y(g, "n", 3)], 1), "FP32[n, 5]"],
    ["joined along a symbol", (g) => g.concat([x(g, "n", 2), y(g, 3, 2)], 0), "FP32[?, 2]"],
    ["a part", (g) => g.split(x(g, "n", 5), [2, 3], 1)[1]!, "FP32[n, 3]"],
    ["the places of what is not 0", (g) => g.nonZero(x(g, "n", 2)), "INT64[2, ?]"],
    ["an operator nobody knows", (g) => g.relu(g.node("Mystery", [x(g, "n")])), "unknown"],
  ] satisfies [string, (g: GraphBuilder) => Value, string][])("%s", (_, build, expected) => {
    expect(type(build)).toBe(expected);
  });
});

const pair = { type: "FP32", shape: [2], data: Float32Array.of(0, 1) } as const;
const y2 = (g: GraphBuilder) => g.input("y2", "FP32", []);

describe("inferTypes", () => {
  test("gives the type of every value", () => {
    const g = graphBuilder("case");
    const half = g.mul(x(g, "n", 2), g.scalar(0.5, "FP32"));
    g.output("out", g.cast(half, "INT32"));
    const found = [...inferTypes(g.build())].map(([name, known]) => [
      name,
      known.type,
      known.shape,
    ]);
    expect(found).toEqual([
      ["x", "FP32", ["n", 2]],
      ["const_0", "FP32", []],
      ["mul_0", "FP32", ["n", 2]],
      ["out", "INT32", ["n", 2]],
    ]);
  });
});
