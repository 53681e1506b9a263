/**
 * Softmax, its logarithm and its limit. The engine's kernels for them are fused and their bits differ between classes of
 * CPU: a graph whose bits matter spells them out (ReduceMax, Sub, Exp, ReduceSum, Div or Log).
 */
import { aroundAxis, type NDArray, numbersOf } from "../ndarray.ts";
import { fallback, operator } from "../operator.ts";
import { axisOf } from "../shape.ts";
import { wantFloat } from "./type-classes.ts";

function normalisation(last: (shifted: number, total: number) => number) {
  return operator({
    inputs: ["input"],
    outputs: ["output"],
    attributes: { axis: fallback("int", -1) },
    infer({ x: [x], attributes: { axis } }) {
      wantFloat("input", x);
      if (x.shape) axisOf(axis, x.shape.length);
      return [{ type: x.type, shape: x.shape }];
    },
    evaluate: ({ x: [x], attributes: { axis } }) => [
      normalised(x, axisOf(axis, x.shape.length), last),
    ],
  });
}

/** Every row along the axis, from its largest element down, which does not overflow. */
export function normalised(
  x: NDArray,
  axis: number,
  last: (shifted: number, total: number) => number,
): NDArray {
  const data = numbersOf(x);
  const result = new Float64Array(data.length);
  const { outer, length, inner } = aroundAxis(x.shape, axis);
  for (let block = 0; block < outer * inner; block++) {
    const start = Math.floor(block / inner) * length * inner + (block % inner);
    let largest = -Infinity;
    for (let i = 0; i < length; i++) largest = Math.max(largest, data[start + i * inner]!);
    let total = 0;
    for (let i = 0; i < length; i++) total += Math.exp(data[start + i * inner]! - largest);
    for (let i = 0; i < length; i++)
      result[start + i * inner] = last(data[start + i * inner]! - largest, total);
  }
  return { type: x.type, shape: x.shape, data: result };
}

/** One at the first of the largest elements along the axis, zero elsewhere. */
function firstLargest(x: NDArray, axis: number): NDArray {
  const data = numbersOf(x);
  const result = new Float64Array(data.length);
  const { outer, length, inner } = aroundAxis(x.shape, axis);
  for (let block = 0; block < outer * inner && length > 0; block++) {
    const start = Math.floor(block / inner) * length * inner + (block % inner);
    let best = start;
    for (let i = 1; i < length; i++)
      if (data[start + i * inner]! > data[best]!) best = start + i * inner;
    result[best] = 1;
  }
  return { type: x.type, shape: x.shape, data: result };
}

export const softmax = {
  Softmax: normalisation((shifted, total) => Math.exp(shifted) / total),
  LogSoftmax: normalisation((shifted, total) => shifted - Math.log(total)),

  Hardmax: operator({
    inputs: ["input"],
    outputs: ["output"],
    attributes: { axis: fallback("int", -1) },
    infer({ x: [x], attributes: { axis } }) {
      wantFloat("input", x);
      if (x.shape) axisOf(axis, x.shape.length);
      return [{ type: x.type, shape: x.shape }];
    },
    evaluate: ({ x: [x], attributes: { axis } }) => [firstLargest(x, axisOf(axis, x.shape.length))],
  }),
};
