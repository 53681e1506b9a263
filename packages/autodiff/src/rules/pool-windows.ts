/** The way back of poolings that sum over their windows. */
import {
  averagedCounts,
  type GraphBuilder,
  isStaticAxis,
  type StaticAxis,
  sizeOf,
  tensorOf,
  type Value,
  type WindowAxis,
} from "@amaas/graph";
import { refuse } from "../refusal.ts";
import { floatOf, joinSizes, shapeOf, sizes } from "../sizes.ts";
import { inputGradient } from "./conv-input.ts";

interface Averaging {
  readonly kernel_shape: readonly number[];
  readonly strides: readonly number[] | undefined;
  readonly dilations: readonly number[] | undefined;
  readonly pads: readonly number[] | undefined;
  readonly auto_pad: string;
  readonly ceil_mode: number;
  readonly count_include_pad: number;
}

/** Each element of `d` put on every element that its window lies on, and summed there, in the shape of `x`. */
export function spreadWindows(
  g: GraphBuilder,
  d: Value,
  x: Value,
  axes: readonly WindowAxis[],
  label: string,
): Value {
  if (axes.every(isStaticAxis) && axes.every(isTile)) return spreadTiles(g, d, axes);
  // A kernel of ones for each channel, or, where their number is not known, for each plane.
  const channels = shapeOf(x)[1]!;
  const group = typeof channels === "number" ? channels : 1;
  const kernel = [group, 1, ...axes.map((axis) => Number(axis.kernel))];
  const ones = tensorOf(floatOf(x), kernel, new Array<number>(sizeOf(kernel)!).fill(1));
  const w = g.constant(ones);
  if (group === channels) return inputGradient(g, { x, w, dy: d, axes, group }, label);
  const planes = (value: Value): Value =>
    g.reshape(value, joinSizes(g, [g.ints([-1, 1]), sizes(g, value, 2)]));
  const dx = inputGradient(g, { x: planes(x), w, dy: planes(d), axes, group }, label);
  return g.reshape(dx, sizes(g, x), { allowzero: 1 });
}

/** Whether the windows lie side by side and cover the input. */
function isTile({ input, kernel, stride, dilation, begin, output }: StaticAxis): boolean {
  return dilation === 1 && stride === kernel && begin === 0 && output * kernel === input;
}

/** Each element repeated over its tile. */
function spreadTiles(g: GraphBuilder, d: Value, axes: readonly StaticAxis[]): Value {
  const factors = [1, 1, ...axes.map(({ kernel }) => kernel)];
  const scales = g.constant(tensorOf("FP32", [factors.length], factors));
  return g.node("Resize", [d, undefined, scales], {
    mode: "nearest",
    coordinate_transformation_mode: "asymmetric",
    nearest_mode: "floor",
  });
}

/** 1 / how many elements each mean was over, in a shape that broadcasts to that of the means. */
export function averageShares(
  g: GraphBuilder,
  x: Value,
  axes: readonly WindowAxis[],
  attributes: Averaging,
): Value {
  const include = attributes.count_include_pad !== 0;
  const type = floatOf(x);
  if (axes.every(isStaticAxis)) {
    const counts = averagedCounts(axes, include);
    if (new Set(counts).size === 1) return g.scalar(1 / counts[0]!, x);
    const shape = axes.map((axis) => axis.output);
    return g.constant(
      tensorOf(
        type,
        shape,
        counts.map((count) => 1 / count),
      ),
    );
  }
  const { kernel_shape, strides, dilations, pads, auto_pad, ceil_mode } = attributes;
  const unpadded = auto_pad === "VALID" || (auto_pad === "NOTSET" && !pads?.some((pad) => pad > 0));
  if (!ceil_mode && (include || unpadded)) return g.scalar(1 / sizeOf(kernel_shape)!, x);
  if (include)
    refuse(
      "how many elements its means are over follows from sizes that are not known: declare the spatial sizes, or leave out ceil_mode or count_include_pad",
    );
  // A pooling of ones by their sum counts those that a window holds.
  const plane = joinSizes(g, [g.ints([1, 1]), sizes(g, x, 2)]);
  const ones = g.node("ConstantOfShape", [plane], { value: tensorOf(type, [1], [1]) });
  const windows = { kernel_shape, strides, dilations, pads, auto_pad, ceil_mode };
  return g.div(g.scalar(1, x), g.node("LpPool", [ones], { ...windows, p: 1 }));
}
