import { expect, test } from "vitest";
import { evaluate } from "../evaluate.ts";
import { graphBuilder } from "../index.ts";
import { type Case, compareKernels, f32, waves } from "./kernels.fixture.ts";
import { normalization } from "./normalization.ts";

const x = waves([2, 3, 4], 1);
const images = waves([2, 6, 2, 3], 2);
const perChannel = [waves([6], 3), waves([6], 4)];

const layer = (op: string, inputs: Case["inputs"], attributes: Case["attributes"] = {}): Case => ({
  op,
  inputs,
  attributes,
});

compareKernels(normalization, [
  layer("LayerNormalization", [x, waves([4], 5), waves([4], 6)]),
  layer("LayerNormalization", [x, waves([4], 5)], { epsilon: 0.5 }),
  layer("LayerNormalization", [x, waves([3, 4], 5), waves([3, 4], 6)], { axis: 1 }),
  layer("LayerNormalization", [x, waves([2, 3, 4], 5), waves([4], 6)], { axis: 0 }),
  layer("LayerNormalization", [x, f32([1], [2]), f32([3, 1], [1, 2, 3])], { axis: -2 }),
  layer("LayerNormalization", [waves([4], 7), waves([4], 8)]),
  layer("LayerNormalization", [f32([0, 4], []), waves([4], 8)]),
  { ...layer("LayerNormalization", [x, waves([4], 5), waves([4], 6)]), outputs: 3 },
  { ...layer("LayerNormalization", [x, waves([3, 4], 5)], { axis: 1 }), outputs: 3 },

  layer("RMSNormalization", [x, waves([4], 5)]),
  layer("RMSNormalization", [x, waves([3, 4], 5)], { axis: 1, epsilon: 0.5 }),
  layer("RMSNormalization", [x, waves([4], 5)], { axis: -2 }),
  layer("RMSNormalization", [x, f32([1], [-2])]),

  layer("GroupNormalization", [images, ...perChannel], { num_groups: 2 }),
  layer("GroupNormalization", [images, ...perChannel], { num_groups: 6, epsilon: 0.25 }),
  layer("GroupNormalization", [waves([2, 6], 9), ...perChannel], { num_groups: 3 }),
  layer("GroupNormalization", [waves([1, 6, 5], 9), ...perChannel], { num_groups: 1 }),

  layer("InstanceNormalization", [images, ...perChannel]),
  layer("InstanceNormalization", [waves([2, 6, 5], 9), ...perChannel], { epsilon: 0.25 }),
]);

test("rows of no elements have nothing to be normalized by, as the engine has it", () => {
  const g = graphBuilder("rows");
  const x = g.input("x", "FP32", ["n", "width"]);
  g.output("y", g.node("LayerNormalization", [x, g.input("scale", "FP32", ["width"])]));
  const feeds = { x: f32([2, 0], []), scale: f32([0], []) };
  expect(() => evaluate(g.build(), feeds)).toThrow("rows of the shape [0] have no mean");
});
