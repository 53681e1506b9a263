/** CenterCropPad: other sizes around the same centre, cut where there is too much and filled up with zeros. */
import type { Dimension } from "../graph.ts";
import { misfit } from "../misfit.ts";
import { ndarray, numbersOf } from "../ndarray.ts";
import { operator, optional } from "../operator.ts";
import { allAxes, axisOf, unknownDimension } from "../shape.ts";
import { padding } from "./pad.ts";
import { wantIndex } from "./type-classes.ts";

/** The axes that sizes are given for, in the order in which they are. */
function croppedAxes(axes: readonly number[] | undefined, rank: number): readonly number[] {
  const at = axes?.map((axis) => axisOf(axis, rank)) ?? allAxes(rank);
  if (new Set(at).size !== at.length) misfit(`the axes [${at}] repeat one`);
  return at;
}

export const centerCrops = {
  CenterCropPad: operator({
    inputs: ["input_data", "shape"],
    outputs: ["output_data"],
    attributes: { axes: optional("ints") },
    infer({ x: [{ type, shape }, wanted], attributes: { axes } }) {
      wantIndex("shape", wanted);
      if (!shape) return [{ type, shape }];
      const at = croppedAxes(axes, shape.length);
      const given = wanted.content?.length ?? wanted.shape?.[0];
      if (typeof given === "number" && given !== at.length)
        misfit(`${given} sizes are given for ${at.length} axes`);
      const sizes: Dimension[] = [...shape];
      for (const [index, axis] of at.entries())
        sizes[axis] = wanted.content?.[index] ?? unknownDimension;
      return [{ type, shape: sizes }];
    },
    evaluate({ x: [data, wanted], attributes: { axes }, y, run }) {
      const at = croppedAxes(axes, data.shape.length);
      const more = Array.from(numbersOf(wanted), (size, index) => size - data.shape[at[index]!]!);
      // Of an odd number of elements, one more is added, or cut, behind than before.
      const before = more.map((count) => Math.trunc(count / 2));
      const after = more.map((count, index) => count - before[index]!);
      const pads = ndarray("INT64", [2 * at.length], [...before, ...after]);
      const order = ndarray("INT64", [at.length], at);
      const attributes = { mode: "constant" };
      return padding.Pad.evaluate({ x: [data, pads, undefined, order], attributes, y, run });
    },
  }),
};
