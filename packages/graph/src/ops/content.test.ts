import { describe, expect, test } from "vitest";
import { type GraphBuilder, graphBuilder, tensorOf, type Value } from "../index.ts";

/** What is known of a value that is built from the sizes of x: FP32[n, 3, m]. */
function known(build: (g: GraphBuilder, sizes: Value, x: Value) => Value): unknown {
  const g = graphBuilder("sizes");
  const x = g.input("x", "FP32", ["n", 3, "m"]);
  return build(g, g.shape(x), x).content;
}

const ints = (g: GraphBuilder, ...values: readonly number[]) => g.ints(values);

describe("sizes computed from sizes stay known", () => {
  test.each<readonly [string, readonly number[], readonly unknown[]]>([
    ["Add", [0, 2, 1], ["n", 5, "?"]],
    ["Sub", [0, 2, 1], ["n", 1, "?"]],
    ["Mul", [1, 2, 0], ["n", 6, 0]],
    ["Div", [1, 2, 2], ["n", 1, "?"]],
    ["Mod", [1, 2, 2], [0, 1, "?"]],
    ["Min", [0, 2, 4], [0, 2, "?"]],
    ["Max", [0, 2, 4], ["n", 3, "?"]],
    ["Equal", [-1, 3, 4], [0, 1, "?"]],
    ["Greater", [-1, 3, 0], [1, 0, "?"]],
    ["GreaterOrEqual", [0, 4, 1], [1, 0, "?"]],
    ["Less", [0, 4, 1], [0, 1, "?"]],
    ["LessOrEqual", [-1, 3, 0], [0, 1, "?"]],
  ])("%s with %j", (op, values, wanted) => {
    expect(known((g, sizes) => g.node(op, [sizes, ints(g, ...values)]))).toEqual(wanted);
  });

  test("with themselves", () => {
    expect(known((g, sizes) => g.sub(sizes, sizes))).toEqual([0, 0, 0]);
    expect(known((g, sizes) => g.equal(sizes, sizes))).toEqual([1, 1, 1]);
    expect(known((g, sizes) => g.node("Max", [sizes, sizes]))).toEqual(["n", 3, "m"]);
    const unknown = (g: GraphBuilder, sizes: Value) => g.add(sizes, sizes);
    expect(known((g, sizes) => g.sub(unknown(g, sizes), unknown(g, sizes)))).toEqual(["?", 0, "?"]);
  });

  test("one number beside several", () => {
    expect(known((g, sizes) => g.mul(sizes, g.scalar(1, sizes)))).toEqual(["n", 3, "m"]);
    expect(known((g, sizes) => g.add(ints(g, 2), sizes))).toEqual(["?", 5, "?"]);
  });

  test("bounded", () => {
    const clip = (g: GraphBuilder, sizes: Value) =>
      g.node("Clip", [sizes, g.scalar(0, sizes), g.scalar(2, sizes)]);
    expect(known(clip)).toEqual(["?", 2, "?"]);
  });

  test("folded", () => {
    const fold = (op: string, from: number, to: number) =>
      known((g, _, x) => g.node(op, [g.shape(x, from, to)], { keepdims: 0 }));
    expect(fold("ReduceProd", 0, 1)).toEqual(["n"]);
    expect(fold("ReduceProd", 1, 2)).toEqual([3]);
    expect(fold("ReduceProd", 0, 2)).toEqual(["?"]);
    expect(fold("ReduceSum", 0, 0)).toBeUndefined();
    const product = (g: GraphBuilder) => g.node("ReduceProd", [ints(g, 2, 3, 7)]);
    expect(known(product)).toEqual([42]);
    expect(known((g) => g.reduceMax(ints(g, 2, 3, 1)))).toEqual([3]);
  });

  test("chosen, as an expansion to sizes of which -1 means one's own", () => {
    const chosen = (g: GraphBuilder, sizes: Value) => {
      const target = ints(g, -1, 3, 5);
      return g.where(g.equal(target, ints(g, -1)), sizes, target);
    };
    expect(known(chosen)).toEqual(["n", 3, 5]);
    expect(known((g, sizes) => g.where(g.equal(sizes, sizes), sizes, ints(g, 1)))).toEqual([
      "n",
      3,
      "m",
    ]);
  });

  test("scaled by a float and made whole again", () => {
    const scaled = (g: GraphBuilder, sizes: Value, factor: number) => {
      const floats = g.cast(sizes, "FP32");
      const scale = g.constant(tensorOf("FP32", [], [factor]));
      return g.cast(g.node("Floor", [g.mul(floats, scale)]), "INT64");
    };
    expect(known((g, sizes) => scaled(g, sizes, 1))).toEqual(["n", 3, "m"]);
    expect(known((g, sizes) => scaled(g, sizes, 2.5))).toEqual(["?", 7, "?"]);
  });
});

describe("what would not be right on every machine is not known", () => {
  test("overflow", () => {
    const doubled = (g: GraphBuilder) =>
      g.add(g.cast(ints(g, 2 ** 31 - 1, 4), "INT32"), g.cast(ints(g, 1), "INT32"));
    expect(known(doubled)).toEqual(["?", 5]);
  });

  test("division by zero", () => {
    expect(known((g) => g.div(ints(g, 4), ints(g, 0)))).toEqual(["?"]);
    expect(known((g) => g.div(ints(g, -7), ints(g, 2)))).toEqual([-3]);
  });

  test("functions that are rounded in more than one way", () => {
    const one = (g: GraphBuilder) => g.constant(tensorOf("FP32", [1], [1]));
    expect(known((g) => g.exp(one(g)))).toBeUndefined();
    expect(known((g) => g.sqrt(g.mul(one(g), g.scalar(4, "FP32"))))).toEqual([2]);
  });
});
