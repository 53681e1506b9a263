import { onnxTypeOf } from "@amaas/tensor";
import { expect, test } from "vitest";
import { graphBuilder } from "../index.ts";
import { type Case, compareKernels, i32, i64 } from "./kernels.fixture.ts";
import { signalWindows } from "./signal-windows.ts";

const ops = Object.keys(signalWindows);

const whole = { periodic: 0, output_datatype: onnxTypeOf("INT32") };

compareKernels(signalWindows, [
  ...ops.flatMap((op): readonly Case[] => [
    { op, inputs: [i64([], [8])] },
    { op, inputs: [i32([], [5])], attributes: { output_datatype: onnxTypeOf("FP64") } },
    { op, inputs: [i64([], [5])], attributes: { periodic: 0 } },
    { op, inputs: [i64([], [0])] },
    { op, inputs: [i64([], [1])] },
  ]),
  { op: "HannWindow", inputs: [i64([], [5])], attributes: whole },
]);

test("the size is that of the window, whether a number or a symbol", () => {
  const g = graphBuilder("shapes");
  const length = g.gather(g.shape(g.input("x", "FP32", ["length"])), g.scalar(0, "INT64"));
  expect(g.node("HannWindow", [length]).shape).toEqual(["length"]);
  expect(g.node("HannWindow", [g.scalar(7, "INT64")]).shape).toEqual([7]);
  expect(() => g.node("HannWindow", [g.ints([1, 2])])).toThrow("size has 2 elements");
});
