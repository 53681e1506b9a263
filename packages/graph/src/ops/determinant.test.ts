import { expect, test } from "vitest";
import { graphBuilder } from "../index.ts";
import { determinants } from "./determinant.ts";
import { type Case, compareKernels, f32, waves } from "./kernels.fixture.ts";

const of = (x: Case["inputs"][number]): Case => ({ op: "Det", inputs: [x] });

compareKernels(determinants, [
  of(waves([1, 1], 1)),
  of(waves([2, 2], 2)),
  of(waves([2, 3, 3, 3], 3)),
  of(waves([5, 5], 4)),
  of(f32([2, 2], [0, 2, 3, 1])),
  of(f32([2, 2], [1, 2, 2, 4])),
  of(f32([2, 2], [0, 1, 0, 2])),
  of(f32([0, 0], [])),
]);

test("matrices are square", () => {
  const g = graphBuilder("shapes");
  const of = (shape: readonly (number | string)[]) =>
    g.node("Det", [g.input(`x${shape}`, "FP32", shape)]);
  expect(of(["n", 3, 3]).shape).toEqual(["n"]);
  expect(() => of([2, 3])).toThrow("a size is 2 on one side and 3 on the other");
  expect(() => of([3])).toThrow("square matrices are wanted");
});
