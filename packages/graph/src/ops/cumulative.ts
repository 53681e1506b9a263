/** Running totals along an axis. */
import { misfit } from "../misfit.ts";
import { aroundAxis, type NDArray, numbersOf } from "../ndarray.ts";
import { fallback, operator } from "../operator.ts";
import { axisOf, knownNumbers, sizeOf } from "../shape.ts";
import { wantIndex, wantNumeric } from "./type-classes.ts";

function runningSums(x: NDArray, axis: number, exclusive: boolean, reverse: boolean): NDArray {
  const data = numbersOf(x);
  const result = new Float64Array(data.length);
  const { outer, length, inner } = aroundAxis(x.shape, axis);
  for (let row = 0; row < outer * inner; row++) {
    const start = Math.floor(row / inner) * length * inner + (row % inner);
    let sum = 0;
    for (let i = 0; i < length; i++) {
      const at = start + (reverse ? length - 1 - i : i) * inner;
      result[at] = exclusive ? sum : sum + data[at]!;
      sum += data[at]!;
    }
  }
  return { type: x.type, shape: x.shape, data: result };
}

export const cumulations = {
  CumSum: operator({
    inputs: ["x", "axis"],
    outputs: ["y"],
    attributes: { exclusive: fallback("int", 0), reverse: fallback("int", 0) },
    infer({ x: [x, axis] }) {
      wantNumeric("x", x);
      wantIndex("axis", axis);
      if ((sizeOf(axis.shape) ?? 1) !== 1) misfit("axis must be one number");
      const known = knownNumbers(axis.content);
      if (known && x.shape) axisOf(known[0]!, x.shape.length);
      return [{ type: x.type, shape: x.shape }];
    },
    evaluate({ x: [x, axis], attributes: { exclusive, reverse } }) {
      const along = axisOf(numbersOf(axis)[0]!, x.shape.length);
      return [runningSums(x, along, exclusive !== 0, reverse !== 0)];
    },
  }),
};
