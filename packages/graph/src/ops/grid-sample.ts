/** Values of an image at given places, and places that an affine map makes: the two halves of a spatial transformer. */
import type { Dimension, Shape } from "../graph.ts";
import { misfit } from "../misfit.ts";
import { generate, type NDArray, numbersOf, stridesOf } from "../ndarray.ts";
import { fallback, operator } from "../operator.ts";
import {
  mergeDimensions,
  mergeShapes,
  printShape,
  staticShape,
  unknownDimension,
  unknownSizes,
  type ValueType,
} from "../shape.ts";
import { type SampleModes, sampleModesOf, sumOfTaps, type Tap, tapsAround } from "./sample-taps.ts";
import { want, wantFloat, wantNumeric } from "./type-classes.ts";

const alignCorners = fallback("int", 0);

export const gridSampling = {
  GridSample: operator({
    inputs: ["X", "grid"],
    outputs: ["Y"],
    attributes: {
      align_corners: alignCorners,
      mode: fallback("string", "linear"),
      padding_mode: fallback("string", "zeros"),
    },
    infer({ x: [x, grid], attributes }) {
      sampleModesOf(attributes);
      wantNumeric("X", x);
      wantFloat("grid", grid);
      return [{ type: x.type, shape: sampledShape(x.shape, grid.shape) }];
    },
    evaluate({ x: [x, grid], attributes, y: [y] }) {
      return [sample(x, grid, staticShape(y), sampleModesOf(attributes))];
    },
  }),

  AffineGrid: operator({
    inputs: ["theta", "size"],
    outputs: ["grid"],
    attributes: { align_corners: alignCorners },
    infer({ x: [theta, size] }) {
      wantFloat("theta", theta);
      want("INT64", "size", size);
      return [{ type: theta.type, shape: gridShape(theta.shape, size) }];
    },
    evaluate({ x: [theta], attributes: { align_corners }, y: [y] }) {
      return [affineGrid(theta, staticShape(y), align_corners !== 0)];
    },
  }),
};

/** X is [N, C, ...] with as many axes behind as the grid's vectors have numbers: [N, ..., r]. */
function sampledShape(x: Shape | undefined, grid: Shape | undefined): Shape | undefined {
  const rank = x?.length ?? grid?.length;
  if (rank === undefined) return undefined;
  if (rank < 3) misfit(`X is ${printShape(x)}, [N, C, ...] with a spatial axis is wanted`);
  const [images, places] = [x ?? unknownSizes(rank)!, grid ?? unknownSizes(rank)!];
  if (images.length !== places.length)
    misfit(`X is ${printShape(x)} and grid ${printShape(grid)}: the ranks differ`);
  mergeDimensions(places.at(-1)!, rank - 2);
  return [mergeDimensions(images[0]!, places[0]!), images[1]!, ...places.slice(1, -1)];
}

function sample(x: NDArray, grid: NDArray, shape: readonly number[], modes: SampleModes): NDArray {
  const [data, places] = [numbersOf(x), numbersOf(grid)];
  const sizes = x.shape.slice(2);
  const [channels, axes] = [shape[1]!, sizes.length];
  const points = stridesOf(shape)[1]!;
  const plane = stridesOf(x.shape)[1]!;
  const tapsOf = Array.from({ length: places.length / axes }, (_, point): readonly Tap[] => {
    // The innermost axis comes first.
    const place = sizes.map((size, axis) =>
      placeOf(places[(point + 1) * axes - 1 - axis]!, size, modes.aligned),
    );
    return tapsAround(place, sizes, modes);
  });
  return generate(x.type, shape, (index) => {
    const image = Math.floor(index / points);
    const point = Math.floor(image / channels) * points + (index % points);
    return sumOfTaps(data, image * plane, tapsOf[point]!);
  });
}

/** From -1 to 1 over an axis, to a number of elements: at the ends are the last elements, or their outer edges. */
function placeOf(share: number, size: number, aligned: boolean): number {
  return aligned ? ((share + 1) / 2) * (size - 1) : ((share + 1) * size - 1) / 2;
}

/** [N, ..., r] of [N, r, r + 1] and the shape of the image that is to be made. */
function gridShape(theta: Shape | undefined, size: ValueType): Shape | undefined {
  const content = size.content ?? unknownSizes(lengthOf(size));
  const axes = content ? content.length - 2 : theta?.[1];
  if (typeof axes !== "number") return undefined;
  if (axes !== 2 && axes !== 3)
    misfit(`a grid of ${axes} axes is asked for; size is [N, C, H, W] or [N, C, D, H, W]`);
  const [batch] = mergeShapes(theta, [unknownDimension, axes, axes + 1])!;
  const [images, , ...spatial] = content ?? unknownSizes(axes + 2)!;
  return [mergeDimensions(batch!, images!), ...spatial, axes];
}

function lengthOf({ shape }: ValueType): number | undefined {
  if (!shape) return undefined;
  const [length, ...rest]: readonly Dimension[] = shape;
  if (length === undefined || rest.length > 0)
    misfit(`size is ${printShape(shape)}, a vector is wanted`);
  return typeof length === "number" ? length : undefined;
}

/** grid[n, p] = theta[n] (p, 1), where the coordinates of p count from the innermost axis. */
function affineGrid(theta: NDArray, shape: readonly number[], aligned: boolean): NDArray {
  const maps = numbersOf(theta);
  const strides = stridesOf(shape);
  const axes = shape.length - 2;
  return generate(theta.type, shape, (index) => {
    const row = Math.floor(index / strides[0]!) * axes + (index % axes);
    const start = row * (axes + 1);
    let sum = maps[start + axes]!;
    for (let axis = 0; axis < axes; axis++) {
      const [size, stride] = [shape[axis + 1]!, strides[axis + 1]!];
      sum +=
        maps[start + axes - 1 - axis]! * shareOf(Math.floor(index / stride) % size, size, aligned);
    }
    return sum;
  });
}

/** The way back from `placeOf`. Where one element is both ends of an axis, it counts as the last, as in the engine. */
function shareOf(at: number, size: number, aligned: boolean): number {
  if (!aligned) return (2 * at + 1) / size - 1;
  return size === 1 ? 1 : (2 * at) / (size - 1) - 1;
}
