/**
 * Gradient rules for convolutions. With o the windows, t the points of each and i the elements they fall on,
 *
 *   y[n, m, o] = b[m] + Σ_{c, t} x[n, c, i(o, t)] w[m, c, t]
 *   dx[n, c, i(o, t)] += Σ_m dy[n, m, o] w[m, c, t]          a transposed convolution of dy
 *   dw[m, c, t] = Σ_{n, o} dy[n, m, o] x[n, c, i(o, t)]      a convolution of x by dy, over the batch
 *   db[m] = Σ_{n, o} dy[n, m, o]
 *
 * and a transposed convolution is the same with x and y in each other's place.
 */
import {
  convAxes,
  type GraphBuilder,
  transposeAxes,
  type Value,
  type WindowAxis,
} from "@amaas/graph";
import type { Rules } from "../rule.ts";
import { shapeOf } from "../sizes.ts";
import { inputGradient } from "./conv-input.ts";
import { weightGradient } from "./conv-weight.ts";
import { backConvolution } from "./conv-windows.ts";

export const convolutions = {
  Conv: ({ g, x: [x, w, bias], y, dy, attributes, wanted }) => {
    const axes = convAxes(shapeOf(x), shapeOf(w), attributes);
    const { group } = attributes;
    return [
      wanted[0] ? inputGradient(g, { x, w, dy, axes, group }, y.label) : null,
      wanted[1] ? weightGradient(g, { x, w, dy, axes, group }, y.label) : null,
      bias ? biasGradient(g, dy) : null,
    ];
  },

  ConvTranspose: ({ g, x: [x, w, bias], y, dy, attributes, wanted }) => {
    const found = transposeAxes(shapeOf(x), shapeOf(w), attributes);
    const axes = attributes.auto_pad.startsWith("SAME") ? found.map(withoutGuess) : found;
    const { group } = attributes;
    return [
      wanted[0] ? backConvolution(g, { x: dy, w, dy: x, axes, group }) : null,
      wanted[1] ? weightGradient(g, { x: dy, w, dy: x, axes, group }, y.label) : null,
      bias ? biasGradient(g, dy) : null,
    ];
  },
} satisfies Rules<"Conv" | "ConvTranspose">;

/** What auto_pad cuts off follows from all sizes: where one is not known, that is not either. */
function withoutGuess(axis: WindowAxis): WindowAxis {
  const { input, output, kernel } = axis;
  if ([input, output, kernel].every((size) => typeof size === "number")) return axis;
  return { ...axis, begin: undefined, end: undefined };
}

function biasGradient(g: GraphBuilder, dy: Value): Value {
  const axes = shapeOf(dy).flatMap((_, axis) => (axis === 1 ? [] : [axis]));
  return g.reduceSum(dy, axes, { keepdims: false });
}
