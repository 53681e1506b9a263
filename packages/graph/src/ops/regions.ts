/**
 * Poolings of regions: each of the boxes that are given is laid out in a grid, and each cell of the grid becomes one
 * element.
 */
import type { Dimension, Shape } from "../graph.ts";
import { misfit } from "../misfit.ts";
import { generate, type NDArray, numbersOf } from "../ndarray.ts";
import { fallback, operator, required } from "../operator.ts";
import {
  mergeDimensions,
  printShape,
  staticShape,
  unknownSizes,
  type ValueType,
} from "../shape.ts";
import { want, wantFloat, wantSame } from "./type-classes.ts";

function imagesShape({ shape }: ValueType): Shape {
  if (shape && shape.length !== 4) misfit(`X is ${printShape(shape)}, [N, C, H, W] is wanted`);
  return shape ?? unknownSizes(4)!;
}

/** How many boxes are given, each by so many numbers. */
function countOf({ shape }: ValueType, numbers: number): Dimension {
  if (shape && shape.length !== 2)
    misfit(`rois is ${printShape(shape)}, ${numbers} numbers for each region are wanted`);
  const [count, width] = shape ?? unknownSizes(2)!;
  mergeDimensions(width!, numbers);
  return count!;
}

/** Enough for any picture, along each of its axes. */
const mostSteps = 2 ** 16;

function wantGrid(cells: readonly number[]): void {
  for (const count of cells)
    if (count < 1 || count > mostSteps)
      misfit(`a region in ${count} parts is wanted; 1 to ${mostSteps} are possible`);
}

/** The plane of X that an element of the output [regions, C, height, width] is made of, and where it stands itself. */
function placeIn([, channels, height, width]: readonly number[]) {
  return (at: number) => ({
    region: Math.floor(at / (width! * height! * channels!)),
    channel: Math.floor(at / (width! * height!)) % channels!,
    row: Math.floor(at / width!) % height!,
    column: at % width!,
  });
}

function planeOf(x: NDArray, image: number, channel: number): Float64Array {
  const [images, channels, height, width] = x.shape as readonly [number, number, number, number];
  if (!(image >= 0 && image < images)) misfit(`a region lies in image ${image} of ${images}`);
  const area = height * width;
  const start = (image * channels + channel) * area;
  return numbersOf(x).subarray(start, start + area);
}

/** The elements that a cell covers along an axis: whole ones, so that cells may overlap. */
function cellSpan(
  [from, to]: readonly [number, number],
  cell: number,
  cells: number,
  size: number,
): readonly [start: number, end: number] {
  const share = Math.fround(Math.max(to - from + 1, 1) / cells);
  // onnxruntime counts in float32, and whether one more element is covered may hang on the last bit.
  const start = from + Math.floor(Math.fround(cell * share));
  const end = from + Math.ceil(Math.fround((cell + 1) * share));
  const inside = (at: number) => Math.min(Math.max(at, 0), size);
  return [inside(start), inside(end)];
}

function roundAway(value: number): number {
  return Math.sign(value) * Math.round(Math.abs(value));
}

/** What a point between two neighbours along an axis has of each of them. */
type Neighbours = readonly (readonly [at: number, share: number])[];

interface AlignedAxis {
  readonly from: number;
  readonly to: number;
  readonly cells: number;
  readonly size: number;
  readonly halfPixel: boolean;
  readonly samplingRatio: number;
}

/** The points along an axis at which a cell is looked at; those too far outside see nothing. */
function pointsOf(
  { from, to, cells, size, halfPixel, samplingRatio }: AlignedAxis,
  cell: number,
): readonly Neighbours[] {
  const length = halfPixel ? to - from : Math.max(to - from, 1);
  const share = length / cells;
  const count = samplingRatio > 0 ? samplingRatio : Math.max(0, Math.ceil(share));
  if (!(count <= mostSteps)) misfit(`a cell of a region is ${share} elements long`);
  return Array.from({ length: count }, (_, point): Neighbours => {
    const at = from + cell * share + ((point + 0.5) * share) / count;
    if (at < -1 || at > size) return [[0, 0]];
    const inside = Math.min(Math.max(at, 0), size - 1);
    const [below, above] = [Math.floor(inside), Math.min(Math.floor(inside) + 1, size - 1)];
    return [
      [below, below + 1 - inside],
      [above, inside - below],
    ];
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(values.length, 1);
}

export const regions = {
  MaxRoiPool: operator({
    inputs: ["X", "rois"],
    outputs: ["Y"],
    attributes: { pooled_shape: required("ints"), spatial_scale: fallback("float", 1) },
    infer({ x: [x, rois], attributes: { pooled_shape } }) {
      wantFloat("X", x);
      wantSame(x, rois);
      const [, channels] = imagesShape(x);
      if (pooled_shape.length !== 2)
        misfit(`pooled_shape is [${pooled_shape}], a height and a width are wanted`);
      wantGrid(pooled_shape);
      return [{ type: x.type, shape: [countOf(rois, 5), channels!, ...pooled_shape] }];
    },
    evaluate({ x: [x, rois], attributes: { spatial_scale }, y: [y] }) {
      const shape = staticShape(y);
      const [, , rows, columns] = shape as readonly [number, number, number, number];
      const [, , height, width] = x.shape as readonly [number, number, number, number];
      const boxes = numbersOf(rois);
      const placeOf = placeIn(shape);
      return [
        generate(x.type, shape, (index) => {
          const { region, channel, row, column } = placeOf(index);
          const box = boxes.subarray(5 * region, 5 * region + 5);
          const bound = (at: number) => roundAway(box[at]! * spatial_scale);
          const [top, bottom] = cellSpan([bound(2), bound(4)], row, rows, height);
          const [left, right] = cellSpan([bound(1), bound(3)], column, columns, width);
          if (bottom <= top || right <= left) return 0;
          const plane = planeOf(x, box[0]!, channel);
          let largest = -Infinity;
          for (let i = top; i < bottom; i++)
            for (let j = left; j < right; j++) largest = Math.max(largest, plane[i * width + j]!);
          return largest;
        }),
      ];
    },
  }),

  RoiAlign: operator({
    inputs: ["X", "rois", "batch_indices"],
    outputs: ["Y"],
    attributes: {
      coordinate_transformation_mode: fallback("string", "half_pixel"),
      mode: fallback("string", "avg"),
      output_height: fallback("int", 1),
      output_width: fallback("int", 1),
      sampling_ratio: fallback("int", 0),
      spatial_scale: fallback("float", 1),
    },
    infer({ x: [x, rois, images], attributes }) {
      const { coordinate_transformation_mode: pixels, mode } = attributes;
      const { output_height, output_width, sampling_ratio } = attributes;
      wantFloat("X", x);
      wantSame(x, rois);
      want("INT64", "batch_indices", images);
      if (mode !== "avg" && mode !== "max") misfit(`mode is "${mode}"; avg or max is wanted`);
      if (pixels !== "half_pixel" && pixels !== "output_half_pixel")
        misfit(`coordinate_transformation_mode "${pixels}" is not known`);
      wantGrid([output_height, output_width]);
      if (sampling_ratio < 0 || sampling_ratio > mostSteps)
        misfit(`sampling_ratio is ${sampling_ratio}, up to ${mostSteps} are possible`);
      const [, channels] = imagesShape(x);
      const [count] = images.shape ?? unknownSizes(1)!;
      const boxes = mergeDimensions(countOf(rois, 4), count!);
      return [{ type: x.type, shape: [boxes, channels!, output_height, output_width] }];
    },
    evaluate({ x: [x, rois, images], attributes, y: [y] }) {
      const { mode, sampling_ratio: samplingRatio, spatial_scale } = attributes;
      const halfPixel = attributes.coordinate_transformation_mode === "half_pixel";
      const shape = staticShape(y);
      const [boxes, imageOf, placeOf] = [numbersOf(rois), numbersOf(images), placeIn(shape)];
      const width = x.shape[3]!;
      const points = (region: number, axis: 0 | 1, cell: number) => {
        const bound = (at: number) =>
          boxes[4 * region + at]! * spatial_scale - (halfPixel ? 0.5 : 0);
        const [from, to] = [bound(axis), bound(axis + 2)];
        const [cells, size] = [shape[3 - axis]!, x.shape[3 - axis]!];
        return pointsOf({ from, to, cells, size, halfPixel, samplingRatio }, cell);
      };
      return [
        generate(x.type, shape, (index) => {
          const { region, channel, row, column } = placeOf(index);
          const plane = planeOf(x, imageOf[region]!, channel);
          const across = points(region, 0, column);
          // Each point is a share of each of four elements around it.
          const seen = points(region, 1, row).flatMap((down) =>
            across.map((right) =>
              down.flatMap(([i, a]) => right.map(([j, b]) => a * b * plane[i * width + j]!)),
            ),
          );
          if (mode === "avg")
            return mean(seen.map((shares) => shares.reduce((sum, share) => sum + share, 0)));
          // The largest share, not the largest point: so the standard's own cases and onnxruntime have it.
          return seen.length === 0 ? 0 : Math.max(...seen.flat());
        }),
      ];
    },
  }),
};
