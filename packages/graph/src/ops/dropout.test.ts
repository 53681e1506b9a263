import { expect, test } from "vitest";
import { evaluate, graphBuilder } from "../index.ts";
import { dropout } from "./dropout.ts";
import { a, bool, compareKernels, f32 } from "./kernels.fixture.ts";

const [half, none] = [f32([], [0.5]), f32([], [0])];
const [on, off] = [bool([], [1]), bool([], [0])];
const op = "Dropout";

compareKernels(dropout, [
  { op, inputs: [a] },
  { op, inputs: [a, half], outputs: 2 },
  { op, inputs: [a, half, off], outputs: 2 },
  { op, inputs: [a, undefined, off], attributes: { seed: 3 } },
  { op, inputs: [a, none, on], outputs: 2 },
]);

test("what the engine would draw is not made up", () => {
  const g = graphBuilder("drawn");
  const [x, training] = [g.input("x", "FP32", [2, 3]), g.input("training", "BOOL", [])];
  g.output("y", g.node("Dropout", [x, undefined, training]));
  expect(() => evaluate(g.build(), { x: a, training: on })).toThrow("drawn from the engine's own");
});
