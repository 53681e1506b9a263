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
