import { graphBuilder, ndarray, type PlainAttributes } from "@amaas/graph";
import fc from "fast-check";
import { expect, test } from "vitest";
import { gradient } from "../index.ts";
import type { Case } from "../oracle.fixture.ts";
import { distinct, judge } from "./judge.fixture.ts";
import { regions } from "./regions.ts";

const images = fc.tuple(
  fc.integer({ min: 1, max: 2 }),
  fc.integer({ min: 1, max: 2 }),
  fc.integer({ min: 1, max: 5 }),
  fc.integer({ min: 1, max: 5 }),
);

const grids = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 2 }));

const box = fc
  .tuple(fc.integer({ min: -6, max: 18 }), fc.integer({ min: -6, max: 18 }), fc.nat(12), fc.nat(12))
  .map(([left, top, width, height]) => [left, top, left + width, top + height]);

/** Regions within the image, partly within, and beside it, in whole numbers, which have no gradient. */
const boxes = (count: number) =>
  fc
    .array(box, { minLength: count, maxLength: count })
    .map((bounds) => ndarray("INT64", [count, 4], bounds.flat()));

const layouts = images.chain((shape) =>
  fc.nat(3).chain((count) =>
    fc.record({
      x: distinct(shape),
      rois: boxes(count),
      images: fc
        .array(fc.nat(shape[0] - 1), { minLength: count, maxLength: count })
        .map((at) => ndarray("INT64", [count], at)),
      grid: grids,
    }),
  ),
);

const aligned = (modes: fc.Arbitrary<string>) =>
  fc
    .tuple(
      layouts,
      modes,
      fc.constantFrom(0, 0, 1, 2),
      fc.constantFrom("half_pixel", "output_half_pixel"),
    )
    .map(([{ x, rois, images, grid }, mode, sampling_ratio, pixels]): Case => {
      const attributes: PlainAttributes = {
        mode,
        sampling_ratio,
        coordinate_transformation_mode: pixels,
        output_height: grid[0],
        output_width: grid[1],
        spatial_scale: 0.375,
      };
      return {
        build: (g, [a, bounds, at]) =>
          g.node("RoiAlign", [a, g.cast(bounds!, a!.type!), at], attributes),
        inputs: [x, rois, images],
        engine: "FP32",
      };
    });

const pooled = layouts.map(
  ({ x, rois, images, grid }): Case => ({
    build: (g, [a, bounds, at]) => {
      const of = g.concat([g.unsqueeze(at!, [1]), bounds!], 1);
      const attributes = { pooled_shape: [...grid], spatial_scale: 0.25 };
      return g.node("MaxRoiPool", [a, g.cast(of, a!.type!)], attributes);
    },
    inputs: [x, rois, images],
    engine: "FP32",
  }),
);

judge(regions, {
  MaxRoiPool: pooled,
  RoiAlign: fc.oneof(
    { weight: 2, arbitrary: aligned(fc.constant("avg")) },
    { weight: 1, arbitrary: aligned(fc.constant("max")) },
  ),
});

test("regions that are to be learned are refused", () => {
  const g = graphBuilder("regions");
  const x = g.input("x", "FP32", [1, 1, 4, 4]);
  const rois = g.input("rois", "FP32", ["n", 4]);
  const y = g.node("RoiAlign", [x, rois, g.input("images", "INT64", ["n"])]);
  g.output("loss", g.reduceSum(y, undefined, { keepdims: false }));
  expect(() => gradient(g.build(), { loss: "loss", wrt: ["rois"] })).toThrow(
    "name rois as a constant",
  );
});
