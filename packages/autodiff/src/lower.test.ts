/** Which nodes are spelled out in others, and which stay as they are. */
import { type GraphBuilder, graphBuilder, type Value } from "@amaas/graph";
import { expect, test } from "vitest";
import { gradient } from "./index.ts";

const sum = (g: GraphBuilder, x: Value) => g.reduceSum(x, undefined, { keepdims: false });

/** The operators of the gradient of a loss behind an LSTM. */
function operatorsOf(wrt: readonly string[], constants: readonly string[] = []): readonly string[] {
  const g = graphBuilder("layer");
  const [x, w] = [g.input("x", "FP32", [3, 2, 4]), g.input("w", "FP32", [1, 8, 4])];
  const r = g.input("r", "FP32", [1, 8, 2]);
  const [y] = g.node("LSTM", [x, w, r], { hidden_size: 2 }, { outputs: 1 });
  g.output("y", y!);
  g.output("loss", g.add(sum(g, g.exp(y!)), sum(g, g.mul(x, x))));
  return gradient(g.build(), { loss: "loss", wrt, constants }).nodes.map(({ op }) => op);
}

test("a layer that a gradient flows through is spelled out", () => {
  expect(operatorsOf(["w"])).not.toContain("LSTM");
});

test("a layer whose result the gradient is wanted at, or is a constant, stays", () => {
  expect(operatorsOf(["y"])).toContain("LSTM");
  expect(operatorsOf(["x", "y"], ["y"])).toContain("LSTM");
  expect(operatorsOf(["x"], ["y"])).toContain("LSTM");
});
