/**
 * Gradient rules for linear quantization. What is quantized moves by steps, so that its slope is 0 wherever there is
 * one; what is dequantized is linear in the scale.
 */
import { type GraphBuilder, tensorOf, type Value } from "@amaas/graph";
import { padZeros } from "../pads.ts";
import type { Rules } from "../rule.ts";
import {
  floatOf,
  reshapeBy,
  reshapeLike,
  shapeOf,
  sizeAt,
  sizes,
  sizesOf,
  times,
  vectorOf,
} from "../sizes.ts";

export const quantization = {
  QuantizeLinear: () => [null, null, null],

  // y = (x - zero) scale, so dscale = Σ dy (x - zero) over all that the scale holds for.
  DequantizeLinear: ({ g, x: [x, scale, zero], dy, attributes, wanted }) => {
    if (!wanted[1]) return [null, null, null];
    const one = { value: tensorOf(floatOf(scale), [1], [1]) };
    const ones = g.node("ConstantOfShape", [sizes(g, scale)], one);
    // Asked for only where it is wanted, since it came after a version that other nodes may need.
    const output_dtype = attributes.output_dtype || undefined;
    const steps = g.node("DequantizeLinear", [x, ones, zero], { ...attributes, output_dtype });
    const sums = sumOfEach(g, g.mul(dy, steps), scale, attributes);
    return [null, sums.type === scale.type ? sums : g.cast(sums, floatOf(scale)), null];
  },
} satisfies Rules<"QuantizeLinear" | "DequantizeLinear">;

/** `d` summed over what each scale holds for. */
function sumOfEach(
  g: GraphBuilder,
  d: Value,
  scale: Value,
  { axis, block_size }: { readonly axis: number; readonly block_size: number },
): Value {
  const [rank, given] = [shapeOf(d).length, shapeOf(scale)];
  const at = axis < 0 ? axis + rank : axis;
  if (block_size > 0) return sumBlocks(g, d, scale, at, block_size);
  if (given.length === 0 || given[0] === 1 || at >= rank)
    return reshapeLike(g, g.reduceSum(d, undefined, { keepdims: false }), scale);
  const others = [...shapeOf(d).keys()].filter((other) => other !== at);
  return others.length === 0 ? d : g.reduceSum(d, others, { keepdims: false });
}

/** The last block may be shorter than the others, and is filled up with zeros. */
function sumBlocks(g: GraphBuilder, d: Value, scale: Value, axis: number, width: number): Value {
  const [size, count] = [sizeAt(g, d, axis), sizeAt(g, scale, axis)];
  const filled = times(g, count, width);
  const missing =
    typeof filled === "number" && typeof size === "number"
      ? filled - size
      : g.sub(vectorOf(g, [filled]), vectorOf(g, [size]));
  const whole = missing === 0 ? d : padZeros(g, d, [{ axis, before: 0, after: missing }]);
  const parts = sizesOf(g, d).toSpliced(axis, 1, count, width);
  return g.reduceSum(reshapeBy(g, whole, parts), [axis + 1], { keepdims: false });
}
