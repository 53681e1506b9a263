/** What the loss does not depend on, and who may be asked for a gradient at all. */
import { graphBuilder, mlDomain, tensorOf } from "@amaas/graph";
import { expect, test } from "vitest";
import { gradient, hasGradient } from "./index.ts";

/** `compared` reaches the loss by a comparison only, `unused` not at all. */
function graph() {
  const g = graphBuilder("graph");
  const x = g.input("x", "FP32", ["n"]);
  const used = g.initializer("used", tensorOf("FP32", [1], [2]));
  const compared = g.initializer("compared", tensorOf("FP32", [1], [0]));
  g.initializer("unused", tensorOf("FP32", [1], [1]));
  const y = g.where(g.greater(x, compared), g.mul(x, used), x);
  g.output("loss", g.reduceSum(y, undefined, { keepdims: false }));
  g.output("other", g.relu(g.initializer("elsewhere", tensorOf("FP32", [1], [1]))));
  return g.build();
}

test("a value that the loss does not depend on is refused, or left out on request", () => {
  for (const name of ["compared", "elsewhere"])
    expect(() => gradient(graph(), { loss: "loss", wrt: ["used", name] })).toThrow(
      `the loss "loss" does not depend on "${name}"`,
    );
  const wrt = ["compared", "used", "elsewhere"];
  const { outputs } = gradient(graph(), { loss: "loss", wrt, independent: "omit" });
  expect(outputs.map(({ name }) => name)).toEqual(["loss", "other", "grad/used"]);
});

test("a branch that uses a value in a way without a slope does not depend on it", () => {
  const g = graphBuilder("choice");
  const [x, steps] = [g.input("x", "FP32", ["n"]), g.input("steps", "FP32", ["n"])];
  const then_branch = g.subgraph("then", (b) => b.output("a", b.mul(x, b.sign(steps))));
  const else_branch = g.subgraph("else", (b) => b.output("b", b.expand(x, b.shape(steps))));
  const positive = g.input("positive", "BOOL", []);
  const [y] = g.node("If", [positive], { then_branch, else_branch }, { outputs: 1 });
  g.output("loss", g.reduceSum(y!, undefined, { keepdims: false }));
  const request = { loss: "loss", wrt: ["x", "steps"] };
  expect(() => gradient(g.build(), request)).toThrow('does not depend on "steps"');
  const { outputs } = gradient(g.build(), { ...request, independent: "omit" });
  expect(outputs.map(({ name }) => name)).toEqual(["loss", "grad/x"]);
});

test("a name that the graph has not is refused all the same", () => {
  const wrt = ["used", "nothing"];
  expect(() => gradient(graph(), { loss: "loss", wrt, independent: "omit" })).toThrow(
    'graph "graph" has no value "nothing"',
  );
});

test("operators are known to have a gradient or not", () => {
  expect(["Relu", "MatMul", "Greater"].map((op) => hasGradient("", op))).toEqual([
    true,
    true,
    true,
  ]);
  expect(hasGradient("", "Mystery")).toBe(false);
  expect(hasGradient("", "constructor")).toBe(false);
  expect(hasGradient(mlDomain, "Relu")).toBe(false);
});
