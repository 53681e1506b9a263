/** Resize: a picture of another size, made axis by axis. */
import { elementCount } from "@amaas/tensor";
import type { Dimension, Shape } from "../graph.ts";
import { misfit } from "../misfit.ts";
import { aroundAxis, generate, type NDArray, numbersOf, stridesOf } from "../ndarray.ts";
import { type AttributesOf, fallback, operator, optional } from "../operator.ts";
import {
  allAxes,
  axisOf,
  knownNumbers,
  printShape,
  sizeOf,
  staticShape,
  unknownDimension,
  type ValueType,
} from "../shape.ts";
import { type ResizeAxis, resizeSamples, type Sample } from "./resize-weights.ts";
import { want, wantFloat, wantNumeric } from "./type-classes.ts";

const resizeAttributes = {
  antialias: fallback("int", 0),
  axes: optional("ints"),
  coordinate_transformation_mode: fallback("string", "half_pixel"),
  cubic_coeff_a: fallback("float", -0.75),
  exclude_outside: fallback("int", 0),
  extrapolation_value: fallback("float", 0),
  keep_aspect_ratio_policy: fallback("string", "stretch"),
  mode: fallback("string", "nearest"),
  nearest_mode: fallback("string", "round_prefer_floor"),
};

type ResizeAttributes = AttributesOf<typeof resizeAttributes>;

type Content = readonly Dimension[] | undefined;

/** What one axis becomes, as far as it is known. */
export interface ResizedAxis {
  readonly input: Dimension;
  readonly output: Dimension;
  readonly scale: number | undefined;
  readonly start: number | undefined;
  readonly end: number | undefined;
}

/** Every axis of the input of a resize; undefined where it is not touched. */
export function resizedAxes(
  x: Shape,
  [roi, scales, sizes]: readonly [roi: Content, scales: Content, sizes: Content],
  attributes: ResizeAttributes,
  bySizes: boolean,
): readonly (ResizedAxis | undefined)[] {
  const axes = (attributes.axes ?? allAxes(x.length)).map((axis) => axisOf(axis, x.length));
  if (new Set(axes).size !== axes.length) misfit(`the axes [${axes}] repeat one`);
  const given = bySizes ? sizes : scales;
  if (given && given.length !== axes.length)
    misfit(`${given.length} ${bySizes ? "sizes" : "scales"} are given for ${axes.length} axes`);
  const regions = regionsOf(roi, axes.length, attributes);
  const input = axes.map((axis) => x[axis]!);
  const made = bySizes ? bySize(input, sizes, attributes) : byScale(input, scales);
  return x.map((_, axis) => {
    const at = axes.indexOf(axis);
    return at < 0 ? undefined : { ...made[at]!, ...regions[at]! };
  });
}

type Region = Pick<ResizedAxis, "start" | "end">;
type Sized = Omit<ResizedAxis, keyof Region>;

function regionsOf(roi: Content, count: number, attributes: ResizeAttributes): readonly Region[] {
  const whole = attributes.coordinate_transformation_mode !== "tf_crop_and_resize";
  const known = whole ? undefined : knownNumbers(roi);
  if (known && known.length !== 2 * count)
    misfit(`roi has ${known.length} elements, ${2 * count} are wanted`);
  return Array.from({ length: count }, (_, at) =>
    whole ? { start: 0, end: 1 } : { start: known?.[at], end: known?.[at + count] },
  );
}

function byScale(input: Shape, scales: Content): readonly Sized[] {
  const known = knownNumbers(scales);
  return input.map((size, at) => {
    const scale = known?.[at];
    if (scale !== undefined && !(scale > 0)) misfit(`a scale is ${scale}`);
    return { input: size, output: scaled(size, scale), scale };
  });
}

function scaled(size: Dimension, scale: number | undefined): Dimension {
  if (scale === 1) return size;
  if (typeof size !== "number" || scale === undefined) return unknownDimension;
  return Math.floor(size * scale);
}

function bySize(input: Shape, sizes: Content, attributes: ResizeAttributes): readonly Sized[] {
  const policy = attributes.keep_aspect_ratio_policy;
  const wanted = sizes ?? input.map(() => unknownDimension);
  const ratios = input.map((size, at) => ratio(size, wanted[at]!));
  if (policy === "stretch")
    return input.map((size, at) => ({ input: size, output: wanted[at]!, scale: ratios[at] }));
  if (policy !== "not_larger" && policy !== "not_smaller")
    misfit(`keep_aspect_ratio_policy is "${policy}"; stretch, not_larger or not_smaller is wanted`);
  const known = ratios.filter((scale) => scale !== undefined);
  const pick = policy === "not_larger" ? Math.min : Math.max;
  const scale = known.length === input.length ? pick(...known) : undefined;
  return input.map((size) => {
    const output = scale === undefined ? unknownDimension : Math.round(scale * Number(size));
    return { input: size, output, scale };
  });
}

function ratio(input: Dimension, output: Dimension): number | undefined {
  if (input === output && input !== unknownDimension) return 1;
  return typeof input === "number" && typeof output === "number" ? output / input : undefined;
}

/** Whether everything about an axis is known. */
export function isKnownAxis(axis: ResizedAxis): axis is ResizeAxis {
  const { input, output, scale, start, end } = axis;
  return [input, output, scale, start, end].every((part) => typeof part === "number");
}

/** Whether sizes are given, and not factors of them: one of both has elements. */
export function isBySizes(
  scales: Pick<ValueType, "shape"> | undefined,
  sizes: Pick<ValueType, "shape"> | undefined,
): boolean {
  const [byScales, bySizes] = [scales, sizes].map((given) => given && sizeOf(given.shape) !== 0);
  if (byScales && bySizes) misfit("scales and sizes are both given");
  if (!byScales && !bySizes) misfit("either scales or sizes must be given");
  return bySizes === true;
}

/** `x` with one axis made of weighted sums along it. */
function along(x: NDArray, axis: number, samples: readonly (Sample | undefined)[]): NDArray {
  const data = numbersOf(x);
  const { length, inner } = aroundAxis(x.shape, axis);
  return generate(x.type, x.shape.with(axis, samples.length), (index) => {
    const block = Math.floor(index / inner);
    const sample = samples[block % samples.length];
    const start = Math.floor(block / samples.length) * length * inner + (index % inner);
    return sample
      ? sample.positions.reduce(
          (sum, at, tap) => sum + sample.weights[tap]! * data[start + at * inner]!,
          0,
        )
      : 0;
  });
}

export const resizes = {
  Resize: operator({
    inputs: ["X", "roi?", "scales?", "sizes?"],
    outputs: ["Y"],
    attributes: resizeAttributes,
    infer({ x: [x, roi, scales, sizes], attributes }) {
      wantNumeric("X", x);
      if (roi) wantFloat("roi", roi);
      if (scales) want("FP32", "scales", scales);
      if (sizes) want("INT64", "sizes", sizes);
      const bySizes = isBySizes(scales, sizes);
      if (!x.shape) return [{ type: x.type, shape: undefined }];
      const contents = [roi?.content, scales?.content, sizes?.content] as const;
      const axes = resizedAxes(x.shape, contents, attributes, bySizes);
      return [{ type: x.type, shape: axes.map((axis, at) => axis?.output ?? x.shape![at]!) }];
    },
    evaluate({ x: [x, roi, scales, sizes], attributes, y: [y] }) {
      const contentOf = (given: NDArray | undefined) => given && [...numbersOf(given)];
      const contents = [contentOf(roi), contentOf(scales), contentOf(sizes)] as const;
      const bySizes = contents[2] !== undefined && contents[2].length > 0;
      const axes = resizedAxes(x.shape, contents, attributes, bySizes);
      const samples = axes.map((axis) => {
        if (!axis) return undefined;
        if (!isKnownAxis(axis)) return misfit("roi is missing");
        return resizeSamples(axis, attributes);
      });
      const made = samples.reduce((sofar, own, axis) => (own ? along(sofar, axis, own) : sofar), x);
      return [filled(made, samples, attributes.extrapolation_value, staticShape(y))];
    },
  }),
};

/** What lies outside along any axis is the same everywhere. */
function filled(
  x: NDArray,
  samples: readonly (readonly (Sample | undefined)[] | undefined)[],
  value: number,
  shape: readonly number[],
): NDArray {
  if (x.data.length !== elementCount(shape))
    misfit(`${printShape(x.shape)} is made, not ${printShape(shape)}`);
  if (samples.every((own) => !own?.includes(undefined))) return x;
  const [data, strides] = [numbersOf(x), stridesOf(shape)];
  return generate(x.type, shape, (index) => {
    const outside = samples.some(
      (own, axis) => own && !own[Math.floor(index / strides[axis]!) % shape[axis]!],
    );
    return outside ? value : data[index]!;
  });
}
