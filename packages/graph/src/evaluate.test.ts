import { describe, expect, test } from "vitest";
import { evaluate, graphBuilder, ndarray, tensorOf } from "./index.ts";

function sum() {
  const g = graphBuilder("sum");
  g.output("y", g.add(g.input("a", "FP32", ["n"]), g.input("b", "FP32", ["n"])));
  return g.build();
}

describe("evaluate", () => {
  test("counts in float64 and takes tensors as well as arrays", () => {
    const a = ndarray("FP32", [2], [1e-9, 2]);
    const { y } = evaluate(sum(), { a, b: tensorOf("FP32", [2], [1, 2]) });
    expect(y).toEqual(ndarray("FP32", [2], [1 + 1e-9, 4]));
  });

  test.each([
    ["a missing input", {}, 'input "a" is not fed'],
    ["another type", { a: ndarray("FP64", [1], [1]) }, 'input "a" is FP32, but FP64 is fed'],
    ["another rank", { a: ndarray("FP32", [], [1]) }, "differ in rank"],
    [
      "one symbol with two sizes",
      { a: ndarray("FP32", [1], [1]), b: ndarray("FP32", [2], [1, 2]) },
      'input "b": n is 2 here and 1 elsewhere',
    ],
  ])("refuses %s", (_, feeds, wanted) => {
    expect(() => evaluate(sum(), feeds)).toThrow(wanted);
  });

  test("names the node that goes wrong", () => {
    const g = graphBuilder("wrong");
    const x = g.input("x", "FP32", ["n"]);
    g.output("y", g.gather(x, g.input("at", "INT64", [])));
    const feeds = { x: ndarray("FP32", [2], [1, 2]), at: ndarray("INT64", [], [2]) };
    expect(() => evaluate(g.build(), feeds)).toThrow(
      'node "y" (Gather, ai.onnx opset 23): index 2 is outside the 2 elements of its axis',
    );
  });

  test("has no kernel for what is not described, and does not fill the memory", () => {
    const g = graphBuilder("mystery");
    const types = [{ type: "FP32", shape: [] } as const];
    g.output("y", g.node("Mystery", [], {}, { types }));
    expect(() => evaluate(g.build(), {})).toThrow(
      expect.objectContaining({ code: "unimplemented" }),
    );
    const h = graphBuilder("large");
    h.output("y", h.expand(h.scalar(1, "FP32"), [2 ** 20, 2 ** 20]));
    expect(() => evaluate(h.build(), {})).toThrow(
      expect.objectContaining({ code: "resource-exhausted" }),
    );
  });
});
