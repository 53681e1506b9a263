import { expect, test } from "vitest";
import { evaluate, graphBuilder, numbersOf } from "../index.ts";
import { elementwise } from "./elementwise.ts";
import {
  a,
  b,
  type Case,
  compareKernels,
  divisor,
  each,
  f32,
  i32,
  i64,
  positive,
  whole,
} from "./kernels.fixture.ts";

const halves = f32([8], [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.4, -0.2]);
const far = f32([9], [-100, -3, -2.5, -1, -1e-3, 0.3, 2.49, 5, 100]);
const column = f32([2, 1], [1.75, -0.25]);

compareKernels(elementwise, [
  ...each(["Add", "Sub", "Mul", "Div"], a, b),
  ...each(["Add", "Sub", "Mul", "Div"], whole, divisor),
  ...each(["Add", "Sub", "Mul"], i32([2], [2 ** 31 - 1, -5]), i32([2], [2 ** 31 - 1, 7])),
  { op: "Mod", inputs: [whole, divisor] },
  { op: "Mod", inputs: [whole, divisor], attributes: { fmod: 1 } },
  { op: "Mod", inputs: [a, b], attributes: { fmod: 1 } },
  ...each(["Pow"], positive, b),
  { op: "Pow", inputs: [a, i64([], [3])] },
  ...each(["Sum", "Mean", "Min", "Max"], a),
  ...each(["Sum", "Mean", "Min", "Max"], a, b),
  ...each(["Sum", "Mean", "Min", "Max"], column, b, a, f32([], [0.5])),
  ...each(["Min", "Max"], whole, divisor, i64([2, 1], [1, -1])),
  ...each(["Neg", "Abs", "Sign", "Relu", "Exp", "Tanh", "Sigmoid"], a),
  ...each(["Neg", "Abs", "Sign"], whole),
  ...each(["Floor", "Ceil", "Round"], halves),
  ...each(["Log", "Sqrt", "Reciprocal"], positive),
  ...each(["Erf", "Tanh", "Sigmoid"], far),
  ...clips(),
]);

function clips(): readonly Case[] {
  const [low, high] = [f32([], [-0.5]), f32([], [1.5])];
  return [
    { op: "Clip", inputs: [a] },
    { op: "Clip", inputs: [a, low] },
    { op: "Clip", inputs: [a, undefined, high] },
    { op: "Clip", inputs: [a, low, high] },
    { op: "Clip", inputs: [a, high, low] },
    { op: "Clip", inputs: [whole, i64([], [-3]), i64([], [4])] },
  ];
}

test("what whole numbers become is whole", () => {
  const g = graphBuilder("whole");
  const [x, two] = [g.input("x", "INT32", [2]), g.scalar(2, "INT32")];
  g.output("erf", g.add(g.node("Erf", [x]), two));
  g.output("power", g.add(g.pow(two, x), two));
  const { erf, power } = evaluate(g.build(), { x: i32([2], [2, -1]) });
  // 0.995… and 1/2 lose what is behind the point.
  expect([...numbersOf(erf!)]).toEqual([2, 2]);
  expect([...numbersOf(power!)]).toEqual([6, 2]);
});

test.each(["Div", "Mod"])("%s of integers by 0 is refused", (op) => {
  const g = graphBuilder("by zero");
  const [x, y] = [g.input("x", "INT64", [2]), g.input("y", "INT64", [2])];
  g.output("z", g.node(op, [x, y]));
  const feeds = { x: i64([2], [1, -1]), y: i64([2], [1, 0]) };
  expect(() => evaluate(g.build(), feeds)).toThrow("an integer is divided by 0");
});
