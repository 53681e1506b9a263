/** Gradient rule for Resize: a product with the transposed matrix of each axis, or a sum over tiles. */
import {
  type GraphBuilder,
  isBySizes,
  isKnownAxis,
  type ResizedAxis,
  type ResizeModes,
  resizedAxes,
  resizeSamples,
  type Sample,
  sizeOf,
  tensorOf,
  type Value,
} from "@amaas/graph";
import { refuse } from "../refusal.ts";
import type { Rules } from "../rule.ts";
import { floatOf, joinSizes, shapeOf, sizes } from "../sizes.ts";

type Samples = readonly (Sample | undefined)[];

export const resizes = {
  Resize: ({ g, x: [x, roi, scales, wantedSizes], dy, attributes, wanted }) => {
    if (!wanted[0]) return [null, null, null, null];
    const contents = [roi?.content, scales?.content, wantedSizes?.content] as const;
    const bySizes = isBySizes(scales, wantedSizes);
    const axes = resizedAxes(shapeOf(x), contents, attributes, bySizes);
    const factors = tileFactors(axes, attributes);
    return [
      factors ? sumTiles(g, dy, factors) : matrixForm(g, dy, axes, attributes),
      null,
      null,
      null,
    ];
  },
} satisfies Rules<"Resize">;

/** dx = A'ᵀ dy A'' …, where row o of the matrix of an axis says what element o is made of. */
function matrixForm(
  g: GraphBuilder,
  dy: Value,
  axes: readonly (ResizedAxis | undefined)[],
  modes: ResizeModes,
): Value {
  let dx = dy;
  // From the last: its product is one for all rows.
  for (const [at, axis] of [...axes.entries()].reverse()) {
    if (!axis || isSame(axis, modes)) continue;
    if (!isKnownAxis(axis))
      refuse(
        `the size or the scale of axis ${at} is not known: declare the size, and make scales, sizes and roi constant`,
      );
    dx = alongAxis(g, dx, at, axis.input, resizeSamples(axis, modes));
  }
  return dx;
}

/** Whether an axis comes out as it went in, whatever its size. */
function isSame({ input, output, scale, start, end }: ResizedAxis, modes: ResizeModes): boolean {
  if (scale !== 1 || input !== output) return false;
  return (
    modes.coordinate_transformation_mode !== "tf_crop_and_resize" || (start === 0 && end === 1)
  );
}

/** The sums that the transposed matrix of one axis makes. */
function alongAxis(g: GraphBuilder, d: Value, axis: number, size: number, samples: Samples): Value {
  const type = floatOf(d);
  const rank = shapeOf(d).length;
  const [weights, outputs] = [matrixOf(samples, size), samples.length];
  if (axis === rank - 1) return g.matMul(d, g.constant(tensorOf(type, [outputs, size], weights)));
  const turned = Array.from(
    weights,
    (_, index) => weights[(index % outputs) * size + Math.floor(index / outputs)]!,
  );
  const matrix = g.constant(tensorOf(type, [size, outputs], turned));
  if (axis === rank - 2) return g.matMul(matrix, d);
  // Everything behind the axis as one: 0 copies a size.
  const lead = new Array<number>(axis).fill(0);
  const behind = shapeOf(d).slice(axis + 1);
  const flat = g.reshape(d, [...lead, outputs, sizeOf(behind) ?? -1]);
  const sums = g.matMul(matrix, flat);
  if (behind.filter((part) => typeof part === "string").length < 2)
    return g.reshape(sums, [
      ...lead,
      size,
      ...behind.map((part) => (typeof part === "number" ? part : -1)),
    ]);
  return g.reshape(sums, joinSizes(g, [g.ints([...lead, size]), sizes(g, d, axis + 1)]));
}

/** Row by row the weights of the samples. */
function matrixOf(samples: Samples, size: number): number[] {
  const weights = new Array<number>(samples.length * size).fill(0);
  for (const [row, sample] of samples.entries())
    for (const [tap, at] of sample?.positions.entries() ?? [])
      weights[row * size + at]! += sample!.weights[tap]!;
  return weights;
}

/** How often each element is repeated along each spatial axis, where that is all that a resize does. */
function tileFactors(
  axes: readonly (ResizedAxis | undefined)[],
  modes: ResizeModes,
): readonly number[] | undefined {
  if (modes.mode !== "nearest" || axes.length < 3) return undefined;
  const factors = axes.map((axis) => (!axis || isSame(axis, modes) ? 1 : tileFactor(axis, modes)));
  const [batch, channels, ...spatial] = factors;
  if (batch !== 1 || channels !== 1 || spatial.every((factor) => factor === 1)) return undefined;
  return spatial.every((factor) => factor !== undefined) ? spatial : undefined;
}

function tileFactor(axis: ResizedAxis, modes: ResizeModes): number | undefined {
  const { scale } = axis;
  if (scale === undefined || !Number.isInteger(scale)) return undefined;
  if (!isKnownAxis(axis)) return repeats(modes) ? scale : undefined;
  const tiled = resizeSamples(axis, modes).every(
    (sample, index) => sample?.positions[0] === Math.floor(index / scale),
  );
  return tiled && axis.output === axis.input * scale ? scale : undefined;
}

/** Whether a whole factor repeats elements, whatever the size. */
function repeats({ coordinate_transformation_mode, nearest_mode }: ResizeModes): boolean {
  if (coordinate_transformation_mode === "asymmetric") return nearest_mode === "floor";
  return (
    ["half_pixel", "pytorch_half_pixel"].includes(coordinate_transformation_mode) &&
    nearest_mode.startsWith("round")
  );
}

/** The sum of each tile: a convolution with ones, channel by channel. */
function sumTiles(g: GraphBuilder, dy: Value, factors: readonly number[]): Value {
  const channels = shapeOf(dy)[1]!;
  const group = typeof channels === "number" ? channels : 1;
  const kernel = [group, 1, ...factors];
  const ones = tensorOf(floatOf(dy), kernel, new Array<number>(sizeOf(kernel)!).fill(1));
  const sum = (d: Value): Value =>
    g.node("Conv", [d, g.constant(ones)], { strides: factors, group });
  if (group === channels) return sum(dy);
  const planes = g.reshape(dy, joinSizes(g, [g.ints([-1, 1]), sizes(g, dy, 2)]));
  const sums = sum(planes);
  return g.reshape(sums, joinSizes(g, [sizes(g, dy, 0, 2), g.shape(sums, 2)]));
}
