/**
 * How Resize makes the elements along one axis: each is a weighted sum of a few of the input's, the same for every
 * row, so an axis is a matrix and a resize is one such product for each axis.
 */
import { misfit } from "../misfit.ts";

export interface ResizeModes {
  readonly mode: string;
  readonly nearest_mode: string;
  readonly coordinate_transformation_mode: string;
  readonly cubic_coeff_a: number;
  readonly exclude_outside: number;
  readonly antialias: number;
}

/** One axis of a resize. */
export interface ResizeAxis {
  readonly input: number;
  readonly output: number;
  readonly scale: number;
  /** Where the region of interest begins and ends, as shares of the axis. */
  readonly start: number;
  readonly end: number;
}

/** What one element of the output is made of; undefined where it lies outside and is filled. */
export interface Sample {
  readonly positions: readonly number[];
  readonly weights: readonly number[];
}

export function resizeSamples(
  axis: ResizeAxis,
  modes: ResizeModes,
): readonly (Sample | undefined)[] {
  const cropped = modes.coordinate_transformation_mode === "tf_crop_and_resize";
  return Array.from({ length: axis.output }, (_, index) => {
    const at = coordinate(index, axis, modes);
    if (cropped && (at < 0 || at > axis.input - 1)) return undefined;
    return modes.mode === "nearest" ? nearest(at, axis, modes) : interpolated(at, axis, modes);
  });
}

/** Where in the input an element of the output lies. */
function coordinate(index: number, axis: ResizeAxis, modes: ResizeModes): number {
  const { input, output, scale, start, end } = axis;
  // onnxruntime counts in float32, and the nearest element may hang on its last bit.
  const round = modes.mode === "nearest" ? Math.fround : (value: number) => value;
  const half = round(round((index + 0.5) / round(scale)) - 0.5);
  switch (modes.coordinate_transformation_mode) {
    case "half_pixel":
      return half;
    case "half_pixel_symmetric": {
      const wanted = scale * input;
      return (input / 2) * (1 - output / wanted) + half;
    }
    case "pytorch_half_pixel":
      return output > 1 ? half : 0;
    case "align_corners": {
      // By the size before it is rounded, as the standard has it.
      const wanted = scale * input;
      return wanted === 1 || output === 1 ? 0 : round((index * (input - 1)) / (wanted - 1));
    }
    case "asymmetric":
      return round(index / round(scale));
    case "tf_crop_and_resize":
      return output > 1
        ? start * (input - 1) + (index * (end - start) * (input - 1)) / (output - 1)
        : 0.5 * (start + end) * (input - 1);
    default:
      return misfit(
        `coordinate_transformation_mode "${modes.coordinate_transformation_mode}" is not known`,
      );
  }
}

function nearest(at: number, { input }: ResizeAxis, { nearest_mode }: ResizeModes): Sample {
  const [below, share] = [Math.floor(at), at - Math.floor(at)];
  const up = roundsUp(nearest_mode, share);
  return { positions: [clamp(up ? below + 1 : below, input)], weights: [1] };
}

function roundsUp(mode: string, share: number): boolean {
  if (share === 0) return false;
  if (mode === "round_prefer_floor") return share > 0.5;
  if (mode === "round_prefer_ceil") return share >= 0.5;
  if (mode === "floor" || mode === "ceil") return mode === "ceil";
  return misfit(`nearest_mode "${mode}" is not known`);
}

function clamp(position: number, size: number): number {
  return Math.min(Math.max(position, 0), size - 1);
}

/** The elements that a filter around `at` reaches, weighted by how far they are. */
function interpolated(at: number, { input, scale }: ResizeAxis, modes: ResizeModes): Sample {
  const [reach, filter] = filterOf(modes);
  // A smaller picture is made of all that it covers: the filter is as much wider as the picture is smaller.
  const narrow = modes.antialias ? Math.min(scale, 1) : 1;
  const first = Math.ceil(at) + Math.floor(-reach / narrow);
  const last = Math.ceil(at) - Math.floor(-reach / narrow) - 1;
  const [positions, weights]: [number[], number[]] = [[], []];
  for (let position = first; position <= last; position++) {
    const outside = position < 0 || position >= input;
    const weight = outside && modes.exclude_outside ? 0 : filter((position - at) * narrow);
    if (weight === 0) continue;
    positions.push(clamp(position, input));
    weights.push(weight);
  }
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return { positions, weights: weights.map((weight) => weight / total) };
}

/** How far the filter of a mode reaches on each side, and what it says to a distance. */
function filterOf({
  mode,
  cubic_coeff_a: a,
}: ResizeModes): readonly [reach: number, filter: (distance: number) => number] {
  if (mode === "linear") return [1, (distance) => Math.max(0, 1 - Math.abs(distance))];
  if (mode !== "cubic") misfit(`mode "${mode}" is not known; nearest, linear or cubic is wanted`);
  return [
    2,
    (distance) => {
      const x = Math.abs(distance);
      if (x >= 2) return 0;
      return x <= 1
        ? ((a + 2) * x - (a + 3)) * x * x + 1
        : ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
    },
  ];
}
