/**
 * Gradient rules for sampling at places, and for places that an affine map makes. Forward it is the engine's own
 * kernel; on the way back the elements around each place are looked up once more.
 *
 * Slopes are those of PyTorch: at an element the one towards the next element; 0 on the border where places outside are
 * brought inside. As in the engine, places are rounded to the nearest element before that is mirrored.
 */
import {
  type GraphBuilder,
  isStatic,
  type SampleModes,
  sampleModesOf,
  tensorOf,
  type Value,
} from "@amaas/graph";
import type { Rules } from "../rule.ts";
import { floatOf, reshapeBy, reshapeLike, type Size, sizesOf, zerosLike } from "../sizes.ts";
import { asRows, perAxis, planeAxes, planesOf, product } from "./plane-axes.ts";
import { type Coordinates, clipped, mirrored } from "./sample-borders.ts";
import { elementsAt, type Outside, tapsAround, toElements, toPlaces } from "./sample-taps.ts";

export const gridSampling = {
  GridSample: ({ g, x: [x, grid], dy, attributes, wanted }) => {
    const modes = sampleModesOf(attributes);
    // Zeros where nothing varies, as in PyTorch: what a grid is made of can be asked about in every mode.
    const flat = modes.mode === "nearest";
    if (flat && !wanted[0]) return [null, zerosLike(g, grid)];
    // A grid names the innermost axis first.
    const axes = planeAxes(g, x).toReversed();
    const sizes = axes.map(({ size }) => size);
    const [batch, channels, ...spatial] = sizesOf(g, dy) as readonly [Size, Size, ...Size[]];
    const places = product(g, spatial);
    const planes = planesOf(g, alike(g, x, grid), [batch, channels]);
    const d = reshapeBy(g, alike(g, dy, grid), [batch, channels, 1, places]);
    const shares = asRows(g, grid, -1, [batch, axes.length, places]);
    const scale = { factor: 0.5, plus: modes.aligned ? -0.5 : 0 };
    const half = perAxis(g, sizes, floatOf(grid), scale);
    const { u, slope } = brought(g, coordinates(g, shares, half, modes.aligned), sizes, modes);
    const outside = outsideOf(modes);
    const taps = tapsAround(g, planes, u, axes, { mode: modes.mode, outside });
    const dx = () => alike(g, reshapeLike(g, toElements(g, planes, taps, d), x), x);
    const dgrid = () => {
      if (flat) return zerosLike(g, grid);
      const du = toPlaces(g, elementsAt(g, planes, taps), taps, d);
      const dshares = g.mul(slope ? g.mul(du, slope) : du, half);
      return reshapeLike(g, g.transpose(dshares, [0, 3, 1, 2]), grid);
    };
    return [wanted[0] ? dx() : null, wanted[1] ? dgrid() : null];
  },

  // Each element of the grid is a row of theta times a place (p, 1), so the gradient of theta is Σ_p dy (p, 1).
  AffineGrid: ({ g, x: [theta, size], dy, attributes }) => {
    const [batch, ...spatial] = sizesOf(g, dy).slice(0, -1);
    const axes = spatial.length;
    // The places themselves, as the engine makes them, are what the identity maps them to.
    const one = g.constant(tensorOf(floatOf(theta), [1, axes, axes + 1], identity(axes)));
    const image = sizeOfImage(g, size);
    const grid = g.reshape(g.node("AffineGrid", [one, image], attributes), [-1, axes]);
    const homogeneous = g.node("Pad", [grid, g.ints([0, 0, 0, 1]), g.scalar(1, theta)]);
    const rows = reshapeBy(g, dy, [batch!, product(g, spatial), axes]);
    return [g.matMul(g.transpose(rows, [0, 2, 1]), homogeneous), null];
  },
} satisfies Rules<"GridSample" | "AffineGrid">;

/** In the type of another value: an image and its grid may differ. */
function alike(g: GraphBuilder, x: Value, like: Value): Value {
  return x.type === like.type ? x : g.cast(x, floatOf(like));
}

/**
 * From -1 to 1 over an axis to numbers of elements: at both ends are the last elements, or their edges. To the bit as
 * the engine counts, so that a place is between the same elements.
 */
function coordinates(g: GraphBuilder, shares: Value, half: Value, aligned: boolean): Value {
  const scaled = g.mul(g.add(shares, g.scalar(1, shares)), half);
  return aligned ? scaled : g.sub(scaled, g.scalar(0.5, shares));
}

/** Between two elements, coordinates are brought inside; the other modes replace each element that lies outside. */
function brought(
  g: GraphBuilder,
  u: Value,
  sizes: readonly Size[],
  { mode, padding, aligned }: SampleModes,
): Coordinates {
  if (mode !== "linear" || padding === "zeros") return { u };
  return padding === "border" ? clipped(g, u, sizes) : mirrored(g, u, sizes, !aligned);
}

function outsideOf({ mode, padding, aligned }: SampleModes): Outside {
  if (padding !== "reflection") return padding;
  if (mode === "linear") return "border";
  return aligned ? "mirrored" : "mirrored at edges";
}

function identity(axes: number): readonly number[] {
  return Array.from({ length: axes * (axes + 1) }, (_, at) => Number(at % (axes + 2) === 0));
}

/** The size of the image, of which the batch and the channels do not matter. */
function sizeOfImage(g: GraphBuilder, size: Value): Value {
  const spatial = size.content?.slice(2);
  if (spatial && isStatic(spatial)) return g.ints([1, 1, ...spatial]);
  const [starts, ends, axes] = [g.ints([2]), g.ints([5]), g.ints([0])];
  return g.concat([g.ints([1, 1]), g.node("Slice", [size, starts, ends, axes])], 0);
}
