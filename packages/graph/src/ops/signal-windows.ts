/** Windows that signals are cut out with: sums of cosines, low at the ends and high in the middle. */
import { misfit } from "../misfit.ts";
import { generate, numbersOf } from "../ndarray.ts";
import { fallback, operator } from "../operator.ts";
import { sizeOf, unknownDimension } from "../shape.ts";
import { castElement, typeOfCast } from "./cast.ts";
import { wantIndex, wantNumeric } from "./type-classes.ts";

/** a0 - a1 cos θ + a2 cos 2θ, where θ goes around once: up to the end, or, if it is periodic, up to one step behind. */
function cosineWindow(a0: number, a1: number, a2 = 0) {
  return operator({
    inputs: ["size"],
    outputs: ["output"],
    attributes: { periodic: fallback("int", 1), output_datatype: fallback("int", 1) },
    infer({ x: [size], attributes: { output_datatype } }) {
      wantIndex("size", size);
      const count = sizeOf(size.shape) ?? 1;
      if (count !== 1) misfit(`size has ${count} elements, one number is wanted`);
      const type = typeOfCast(output_datatype);
      wantNumeric("the output", { type, shape: undefined });
      const [length = unknownDimension] = size.content ?? [];
      return [{ type, shape: [typeof length === "number" ? Math.max(0, length) : length] }];
    },
    evaluate({ x: [size], attributes: { periodic, output_datatype } }) {
      const type = typeOfCast(output_datatype);
      const length = Math.max(0, numbersOf(size)[0]!);
      const step = (2 * Math.PI) / (periodic ? length : length - 1);
      return [
        generate(type, [length], (at) => {
          const angle = at * step;
          return castElement(a0 - a1 * Math.cos(angle) + a2 * Math.cos(2 * angle), type);
        }),
      ];
    },
  });
}

export const signalWindows = {
  HannWindow: cosineWindow(0.5, 0.5),
  HammingWindow: cosineWindow(25 / 46, 21 / 46),
  BlackmanWindow: cosineWindow(0.42, 0.5, 0.08),
};
