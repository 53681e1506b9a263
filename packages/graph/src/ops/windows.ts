/**
 * Sliding windows, as convolutions and poolings lay them over their input: how many there are, how much is taken to
 * lie around the input, and which element each point of each window falls on.
 */
import type { Dimension, Shape } from "../graph.ts";
import { misfit } from "../misfit.ts";
import { fallback, optional } from "../operator.ts";
import { unknownDimension } from "../shape.ts";

/** Windows along one axis. */
export interface WindowAxis {
  readonly input: Dimension;
  readonly kernel: Dimension;
  readonly stride: number;
  readonly dilation: number;
  /** How many elements are taken to lie before the input; undefined when that follows from an unknown size. */
  readonly begin: number | undefined;
  /** How many behind it. */
  readonly end: number | undefined;
  /** The number of windows. */
  readonly output: Dimension;
}

/** Windows along an axis of which everything is known. */
export interface StaticAxis extends WindowAxis {
  readonly input: number;
  readonly kernel: number;
  readonly begin: number;
  readonly end: number;
  readonly output: number;
}

export interface WindowAttributes {
  readonly auto_pad: string;
  readonly strides: readonly number[] | undefined;
  readonly dilations?: readonly number[] | undefined;
  readonly pads: readonly number[] | undefined;
  readonly ceil_mode?: number;
}

/** The attributes that say how windows lie. */
export const windowAttributes = {
  auto_pad: fallback("string", "NOTSET"),
  strides: optional("ints"),
  pads: optional("ints"),
};

/** The windows over an input of the given spatial sizes. */
export function windowAxes(
  input: Shape,
  kernel: Shape,
  attributes: WindowAttributes,
): readonly WindowAxis[] {
  const { strides, dilations, pads } = windowSteps(input.length, attributes);
  if (kernel.length !== input.length)
    misfit(`a kernel of ${kernel.length} axes is given for ${input.length} spatial axes`);
  return input.map((size, axis) =>
    windowAxis(
      {
        input: size,
        kernel: positive("the kernel", kernel[axis]!),
        stride: strides[axis]!,
        dilation: dilations[axis]!,
        begin: pads[axis]!,
        end: pads[axis + input.length]!,
      },
      attributes,
    ),
  );
}

/** Strides, dilations and pads with their defaults, checked: pads first for the beginnings, then for the ends. */
export function windowSteps(
  rank: number,
  { auto_pad, strides, dilations, pads }: WindowAttributes,
): Record<"strides" | "dilations" | "pads", readonly number[]> {
  if (!["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"].includes(auto_pad))
    misfit(`auto_pad is "${auto_pad}"; NOTSET, SAME_UPPER, SAME_LOWER or VALID is wanted`);
  return {
    strides: listOf("strides", strides, rank, 1),
    dilations: listOf("dilations", dilations, rank, 1),
    pads: listOf("pads", auto_pad === "NOTSET" ? pads : undefined, 2 * rank, 0),
  };
}

/** A list attribute of a known length; without one, the least that it may hold. */
export function listOf(
  name: string,
  given: readonly number[] | undefined,
  length: number,
  least: number,
): readonly number[] {
  if (!given) return new Array<number>(length).fill(least);
  if (given.length !== length) misfit(`${name} has ${given.length} elements, ${length} are wanted`);
  for (const value of given)
    if (value < least || value > mostSteps) misfit(`${name} [${given}] holds ${value}`);
  return given;
}

/** Enough for any model, and products of them stay exact. */
const mostSteps = 2 ** 24;

function positive(name: string, size: Dimension): Dimension {
  if (typeof size === "number" && (size < 1 || size > mostSteps))
    misfit(`${name} has a size ${size}`);
  return size;
}

function windowAxis(
  axis: Omit<StaticAxis, "input" | "kernel" | "output"> & Pick<WindowAxis, "input" | "kernel">,
  { auto_pad, ceil_mode = 0 }: WindowAttributes,
): WindowAxis {
  const { input, kernel, stride, dilation } = axis;
  const extent = extentOf(kernel, dilation);
  if (auto_pad.startsWith("SAME")) return sameSize(axis, extent, auto_pad === "SAME_UPPER");
  const around = axis.begin + axis.end;
  if (extent === undefined) return { ...axis, output: unknownDimension };
  if (typeof input !== "number") {
    const kept = stride === 1 && around === extent - 1;
    return { ...axis, output: kept ? input : unknownDimension };
  }
  if (input + around < extent)
    misfit(
      `a window over ${extent} elements does not fit into ${input} with ${around} around them`,
    );
  const steps = (input + around - extent) / stride;
  const output = (ceil_mode ? Math.ceil(steps) : Math.floor(steps)) + 1;
  // A window that would begin behind the input is left out.
  const beyond = ceil_mode !== 0 && (output - 1) * stride >= input + axis.begin;
  return { ...axis, output: beyond ? output - 1 : output };
}

/** As many windows as strides fit into the input; what they lack is put around it as evenly as it goes. */
function sameSize(
  axis: Omit<WindowAxis, "output">,
  extent: number | undefined,
  upper: boolean,
): WindowAxis {
  const { input, stride } = axis;
  const output = sameCount(input, stride);
  if (extent === undefined || (typeof input !== "number" && stride !== 1))
    return { ...axis, begin: undefined, end: undefined, output };
  const [from, to] = typeof input === "number" ? [input, Math.ceil(input / stride)] : [1, 1];
  const around = Math.max(0, (to - 1) * stride + extent - from);
  const [less, more] = [Math.floor(around / 2), Math.ceil(around / 2)];
  return { ...axis, begin: upper ? less : more, end: upper ? more : less, output };
}

function sameCount(input: Dimension, stride: number): Dimension {
  if (typeof input === "number") return Math.ceil(input / stride);
  return stride === 1 ? input : unknownDimension;
}

/** How many elements a window reaches over. */
export function extentOf(kernel: number, dilation: number): number;
export function extentOf(kernel: Dimension, dilation: number): number | undefined;
export function extentOf(kernel: Dimension, dilation: number): number | undefined {
  return typeof kernel === "number" ? (kernel - 1) * dilation + 1 : undefined;
}

/** Whether everything about the windows is known. */
export function isStaticAxis(axis: WindowAxis): axis is StaticAxis {
  const { input, kernel, begin, end, output } = axis;
  return [input, kernel, begin, end, output].every((part) => typeof part === "number");
}

/** The windows of a kernel, where every size is known. */
export function staticAxes(axes: readonly WindowAxis[]): readonly StaticAxis[] {
  return axes.map((axis) =>
    isStaticAxis(axis) ? axis : misfit("a size of the windows is unknown"),
  );
}

/**
 * For each window and each point in it the position of the element it falls on, or -1 where that lies outside:
 * both counted through all axes in row-major order.
 */
export function windowTaps(axes: readonly StaticAxis[]): Int32Array {
  let table: Int32Array = Int32Array.of(0);
  let width = 1;
  for (const axis of axes) {
    table = combine(table, width, tapsAlong(axis), axis);
    width *= axis.kernel;
  }
  return table;
}

function tapsAlong({ input, kernel, stride, dilation, begin, output }: StaticAxis): Int32Array {
  return Int32Array.from({ length: output * kernel }, (_, index) => {
    const at = Math.floor(index / kernel) * stride - begin + (index % kernel) * dilation;
    return at >= 0 && at < input ? at : -1;
  });
}

/** A table of taps with one more axis behind those it has. */
function combine(
  table: Int32Array,
  width: number,
  along: Int32Array,
  { input, kernel, output }: StaticAxis,
): Int32Array {
  const rows = table.length / width;
  const combined = new Int32Array(table.length * along.length);
  let at = 0;
  for (let row = 0; row < rows; row++)
    for (let window = 0; window < output; window++)
      for (let point = 0; point < width; point++)
        for (let tap = 0; tap < kernel; tap++) {
          const [before, last] = [table[row * width + point]!, along[window * kernel + tap]!];
          combined[at++] = before < 0 || last < 0 ? -1 : before * input + last;
        }
  return combined;
}
