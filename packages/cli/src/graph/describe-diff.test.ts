import type { GraphDiff } from "@amaas/graph";
import { expect, test } from "vitest";
import { createStyle, plain } from "../terminal/style.ts";
import { describeDiff, describeWeights } from "./describe-diff.ts";

const same: GraphDiff = {
  equal: true,
  opsets: [],
  inputs: [],
  outputs: [],
  initializers: [],
  nodes: [],
};
const mark = (type: string, digit: string) => ({ type, sha256: digit.repeat(64) });
const node = (call: string) => ({ name: "", op: "", domain: "", call });

const different: GraphDiff = {
  equal: false,
  opsets: [
    { name: "", from: "20", to: "21" },
    { name: "org.example", from: undefined, to: "1" },
  ],
  inputs: [{ kind: "changed", name: "x", from: "FP32[n]", to: "FP32[4]" }],
  outputs: [
    { kind: "removed", name: "p", from: "FP32[n]", to: undefined },
    { kind: "computed otherwise", name: "y", from: "y = Relu(x)", to: "y = Tanh(x)" },
  ],
  initializers: [
    { kind: "renamed", name: "w", to: "v", value: mark("FP32[2]", "a") },
    { kind: "changed", name: "b", from: mark("FP32[2]", "b"), to: mark("FP64[2]", "c") },
    {
      kind: "changed",
      name: "c",
      from: mark("FP32[2]", "d"),
      to: mark("FP32[2]", "e"),
      maxAbsDifference: Number.NaN,
      differing: 2,
    },
  ],
  nodes: [
    { kind: "removed", node: node("y = Relu(x)") },
    {
      kind: "changed",
      from: node("l = Loop(n, , x)"),
      to: node("l = Loop(n, , x)"),
      attributes: [{ name: "alpha", from: undefined, to: "2" }],
      inputs: [
        { name: "M", from: "n", to: undefined },
        { name: "v_initial", from: "x", to: "x" },
      ],
      bodies: [
        { name: "body", diff: { ...same, nodes: [{ kind: "added", node: node("\u001b[2J") }] } },
      ],
    },
  ],
};

test("differences as lines, those of inner graphs beneath", () => {
  expect(describeDiff(different, plain).join("\n")).toMatchInlineSnapshot(`
    "~ opset ai.onnx 20 → 21
    + opset org.example 1
    ~ input x FP32[n] → FP32[4]
    - output p FP32[n]
    ~ output y is computed otherwise: y = Relu(x) → y = Tanh(x)
    ~ initializer w → v FP32[2] sha256:aaaaaaaaaaaa
    ~ initializer b FP32[2] → FP64[2]
        sha256:bbbbbbbbbbbb → sha256:cccccccccccc
    ~ initializer c FP32[2]: 2 elements differ, some from or to NaN
        sha256:dddddddddddd → sha256:eeeeeeeeeeee
    - node y = Relu(x)
    ~ node l = Loop(n, , x)
        M: n → none
        v_initial: x, computed otherwise
        alpha: none → 2
        body:
          + node �[2J
    The graphs differ in 2 operator sets, 1 input, 2 outputs, 3 initializers, 2 nodes."
  `);
});

test("nothing is said in colours but by marks", () => {
  expect(describeDiff(same, createStyle(true))).toEqual(["The graphs are the same."]);
  const [line] = describeWeights(
    [{ kind: "added", name: "w", value: mark("FP32[2]", "a") }],
    createStyle(true),
  );
  expect(line).toBe("\u001b[32m+ initializer w FP32[2] sha256:aaaaaaaaaaaa\u001b[39m");
  expect(describeWeights([], plain)).toEqual(["The initializers are the same."]);
});
