/**
 * Normalizations without parameters: by the squares of neighbouring channels, by a norm along an axis, by mean and
 * spread over chosen axes.
 */
import { elementCount } from "@amaas/tensor";
import { misfit } from "../misfit.ts";
import { aroundAxis, generate, numbersOf, stridedPositions, stridesOf } from "../ndarray.ts";
import { fallback, operator, required } from "../operator.ts";
import { allAxes, axesOf, axisOf } from "../shape.ts";
import { wantChannels } from "./channels.ts";
import { momentsOf, standardize } from "./moments.ts";
import { wantFloat } from "./type-classes.ts";

/** Enough for any model; a sum over neighbours may be written with as many weights. */
const mostNeighbours = 2 ** 20;

/** Added to the spread, so that what does not vary is divided by something. */
const leastSpread = 1e-9;

function magnitude(value: number, p: number): number {
  return p === 1 ? Math.abs(value) : value * value;
}

export const localNormalization = {
  LRN: operator({
    inputs: ["X"],
    outputs: ["Y"],
    attributes: {
      // As the attributes are read back from a file, which keeps 32 bits.
      alpha: fallback("float", Math.fround(1e-4)),
      beta: fallback("float", 0.75),
      bias: fallback("float", 1),
      size: required("int"),
    },
    infer({ x: [x], attributes: { size } }) {
      wantFloat("X", x);
      wantChannels("X", x);
      if (size < 1 || size > mostNeighbours)
        misfit(`size is ${size}, a number of channels up to ${mostNeighbours} is wanted`);
      return [{ type: x.type, shape: x.shape }];
    },
    evaluate({ x: [x], attributes: { alpha, beta, bias, size } }) {
      const data = numbersOf(x);
      const { length, inner } = aroundAxis(x.shape, 1);
      // Of an even number of channels, one more lies behind than before.
      const before = Math.floor((size - 1) / 2);
      const after = size - 1 - before;
      return [
        generate(x.type, x.shape, (at) => {
          const channel = Math.floor(at / inner) % length;
          const last = Math.min(length - 1, channel + after);
          let squares = 0;
          for (let other = Math.max(0, channel - before); other <= last; other++)
            squares += data[at + (other - channel) * inner]! ** 2;
          return data[at]! / (bias + (alpha / size) * squares) ** beta;
        }),
      ];
    },
  }),

  LpNormalization: operator({
    inputs: ["input"],
    outputs: ["output"],
    attributes: { axis: fallback("int", -1), p: fallback("int", 2) },
    infer({ x: [x], attributes: { axis, p } }) {
      wantFloat("input", x);
      if (p !== 1 && p !== 2) misfit(`p is ${p}, 1 or 2 is wanted`);
      if (x.shape) axisOf(axis, x.shape.length);
      return [{ type: x.type, shape: x.shape }];
    },
    evaluate({ x: [x], attributes: { axis, p } }) {
      const data = numbersOf(x);
      const { outer, length, inner } = aroundAxis(x.shape, axisOf(axis, x.shape.length));
      const rowOf = (at: number) => Math.floor(at / (length * inner)) * inner + (at % inner);
      const sums = new Float64Array(outer * inner);
      for (const [at, value] of data.entries()) sums[rowOf(at)]! += magnitude(value, p);
      return [
        generate(x.type, x.shape, (at) => {
          const norm = sums[rowOf(at)]! ** (1 / p);
          return norm === 0 ? 0 : data[at]! / norm;
        }),
      ];
    },
  }),

  MeanVarianceNormalization: operator({
    inputs: ["X"],
    outputs: ["Y"],
    attributes: { axes: fallback("ints", [0, 2, 3]) },
    infer({ x: [x], attributes: { axes } }) {
      wantFloat("X", x);
      if (x.shape) axesOf(axes, x.shape.length);
      return [{ type: x.type, shape: x.shape }];
    },
    evaluate({ x: [x], attributes: { axes } }) {
      const rank = x.shape.length;
      const gone = axes.length === 0 ? allAxes(rank) : axesOf(axes, rank);
      const groups = x.shape.map((size, axis) => (gone.includes(axis) ? 1 : size));
      const strides = stridesOf(groups).map((stride, axis) => (gone.includes(axis) ? 0 : stride));
      const positions = stridedPositions(x.shape, strides);
      const groupOf = (at: number) => positions[at]!;
      const moments = momentsOf(x, elementCount(groups), groupOf);
      const spread = (variance: number) => Math.sqrt(variance) + leastSpread;
      return [standardize(x, moments, groupOf, ({ variance }) => spread(variance))];
    },
  }),
};
