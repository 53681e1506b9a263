/** Poolings of regions: the average as products with matrices, and what takes the largest, spelled out. */
import type { AttributesOf, GraphBuilder, Operators, Value } from "@amaas/graph";
import { refuse } from "../refusal.ts";
import type { Rules } from "../rule.ts";
import { floatOf, reshapeBy, type Size, sizeAt, sizesOf, times, vectorOf } from "../sizes.ts";
import { largestSeen, type Seen } from "./region-max.ts";
import {
  lengthOf,
  numbersTo,
  pointsOf,
  type RegionAxis,
  type Sampling,
  spansOf,
} from "./region-points.ts";

type Alignment = AttributesOf<Operators["RoiAlign"]["attributes"]>;

export const regions = {
  MaxRoiPool: {
    lower({ g, x: [x, rois], attributes: { pooled_shape, spatial_scale } }) {
      const [image, ...bounds] = g.split(rois, [1, 1, 1, 1, 1], 1);
      const [left, top, right, bottom] = bounds.map((bound) =>
        roundAway(g, g.mul(bound, g.scalar(spatial_scale, rois))),
      ) as [Value, Value, Value, Value];
      const [rows, columns] = pooled_shape as [number, number];
      return largestSeen(g, x, g.unsqueeze(g.cast(image!, "INT64"), [2]), [
        spansOf(g, { from: top, to: bottom, cells: rows, size: sizeAt(g, x, 2) }),
        spansOf(g, { from: left, to: right, cells: columns, size: sizeAt(g, x, 3) }),
      ]);
    },
  },

  RoiAlign: {
    when: ({ mode }) => mode === "max",

    // The largest of the shares that points have of the elements around them.
    lower({ g, x: [x, rois, images], attributes }) {
      const [down, across] = axesOf(g, x, rois, attributes);
      const sampling = samplingOf(attributes);
      return largestSeen(g, x, g.unsqueeze(images, [1, 2]), [
        sharesOf(g, down, sampling),
        sharesOf(g, across, sampling),
      ]);
    },

    // With matrices that say how much of each row, and of each column, is in each cell, Y = A X Bᵀ for each region, so
    // that dX = Σ Aᵀ dY B over the regions of an image.
    rule({ g, x: [x, rois, images], dy, attributes, wanted }) {
      if (wanted[1])
        refuse("how an average moves with its regions is not derived; name rois as a constant");
      const [down, across] = axesOf(g, x, rois, attributes);
      const sampling = samplingOf(attributes);
      const rows = g.matMul(dy, g.unsqueeze(matrixOf(g, across, sampling), [1]));
      return [sumOfRegions(g, x, images, matrixOf(g, down, sampling), rows), null, null];
    },
  },
} satisfies Rules<"MaxRoiPool" | "RoiAlign">;

/** Halves away from 0, unlike Round. */
function roundAway(g: GraphBuilder, x: Value): Value {
  const size = g.node("Floor", [g.add(g.abs(x), g.scalar(0.5, x))]);
  return g.mul(g.sign(x), size);
}

function samplingOf({ coordinate_transformation_mode, sampling_ratio }: Alignment): Sampling {
  return {
    halfPixel: coordinate_transformation_mode === "half_pixel",
    ratio: sampling_ratio,
  };
}

/** Rows and columns. */
function axesOf(
  g: GraphBuilder,
  x: Value,
  rois: Value,
  attributes: Alignment,
): readonly [RegionAxis, RegionAxis] {
  const { spatial_scale, output_height, output_width } = attributes;
  const scaled = g.mul(rois, g.scalar(spatial_scale, rois));
  const { halfPixel } = samplingOf(attributes);
  const bounds = halfPixel ? g.sub(scaled, g.scalar(0.5, rois)) : scaled;
  const [left, top, right, bottom] = g.split(bounds, [1, 1, 1, 1], 1);
  return [
    { from: top!, to: bottom!, cells: output_height, size: sizeAt(g, x, 2) },
    { from: left!, to: right!, cells: output_width, size: sizeAt(g, x, 3) },
  ];
}

/** Each point as the elements that it lies between: those below all points, and then those above. */
function sharesOf(g: GraphBuilder, axis: RegionAxis, sampling: Sampling): Seen {
  const { at, near, counted } = pointsOf(g, axis, sampling);
  const one = g.scalar(1, at);
  const below = g.node("Floor", [at]);
  const above = g.node("Min", [g.add(below, one), lengthOf(g, axis.size, at, -1)]);
  const upper = g.sub(at, below);
  const seen = (share: Value) => g.where(near, share, g.scalar(0, at));
  return {
    at: g.cast(g.concat([below, above], 2), "INT64"),
    counted: counted && g.concat([counted, counted], 2),
    shares: g.concat([seen(g.sub(one, upper)), seen(upper)], 2),
  };
}

/** How much of each element is in each cell: [regions, cells, size]. */
function matrixOf(g: GraphBuilder, axis: RegionAxis, sampling: Sampling): Value {
  const { at, near, counted, count } = pointsOf(g, axis, sampling);
  // A point that sees nothing is put where no element is near.
  const seen = g.where(counted ? g.and(near, counted) : near, at, g.scalar(-2, at));
  const distance = g.abs(g.sub(g.unsqueeze(seen, [3]), numbersTo(g, axis.size, floatOf(at))));
  const shares = g.relu(g.sub(g.scalar(1, at), distance));
  return g.div(g.reduceSum(shares, [2], { keepdims: false }), count);
}

/**
 * The products with `down`, [regions, cells, H], of rows of cells, [regions, C, cells, W], summed for each image: one
 * product, in which the cells of all regions are what is summed over.
 */
function sumOfRegions(g: GraphBuilder, x: Value, images: Value, down: Value, rows: Value): Value {
  const [count, channels, height, width] = sizesOf(g, x) as readonly [Size, Size, Size, Size];
  const cells = g.reshape(
    g.transpose(rows, [0, 2, 1, 3]),
    vectorOf(g, [-1, times(g, channels, width)]),
  );
  const turned = g.unsqueeze(g.transpose(down, [2, 0, 1]), [0]);
  const own = count === 1 ? turned : g.mul(turned, marks(g, images, count, down));
  const weights = g.reshape(own, vectorOf(g, [times(g, count, height), -1]));
  const sums = reshapeBy(g, g.matMul(weights, cells), [count, height, channels, width]);
  return g.transpose(sums, [0, 2, 1, 3]);
}

/** Which regions each image has, as zeros and ones: [images, 1, regions, 1]. */
function marks(g: GraphBuilder, images: Value, count: Size, like: Value): Value {
  const numbers = numbersTo(g, count, "INT64");
  const own = g.equal(g.unsqueeze(numbers, [1, 2, 3]), g.unsqueeze(images, [0, 1, 3]));
  return g.cast(own, floatOf(like));
}
