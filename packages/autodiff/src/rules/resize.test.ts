import type { PlainAttributes } from "@amaas/graph";
import { tensorOf } from "@amaas/graph";
import fc from "fast-check";
import type { Case } from "../oracle.fixture.ts";
import { arrays, judge, size } from "./judge.fixture.ts";
import { resizes } from "./resize.ts";

const modes = fc
  .record({
    mode: fc.constantFrom("nearest", "linear", "cubic"),
    coordinate_transformation_mode: fc.constantFrom(
      "half_pixel",
      "half_pixel_symmetric",
      "pytorch_half_pixel",
      "align_corners",
      "asymmetric",
    ),
    nearest_mode: fc.constantFrom("round_prefer_floor", "round_prefer_ceil", "floor", "ceil"),
    exclude_outside: fc.constantFrom(0, 1),
    antialias: fc.constantFrom(0, 0, 1),
  })
  // onnxruntime wants exclude_outside with "cubic" only.
  .map((given) => ({
    ...given,
    exclude_outside: given.mode === "cubic" ? given.exclude_outside : 0,
    antialias: given.mode === "nearest" ? 0 : given.antialias,
  }));

const spatial = fc.oneof(
  { weight: 1, arbitrary: fc.constant(1) },
  { weight: 4, arbitrary: fc.constant(2) },
);

/** Sizes for the last axes, and for others too where the engine can. */
const sized = fc.tuple(modes, spatial).chain(([attributes, most]) => {
  // onnxruntime has cubic resizes of pictures only.
  const rank = attributes.mode === "cubic" ? 2 : most;
  const made = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: rank, maxLength: rank });
  const from = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: rank, maxLength: rank });
  return fc.tuple(from, made).chain(([input, output]) =>
    arrays([1, 2, ...input]).map(
      (x): Case => ({
        build: (g, [a]) =>
          g.node("Resize", [a, undefined, undefined, g.ints([1, 2, ...output])], attributes),
        inputs: [x],
        engine: "FP32",
        known: () => true,
      }),
    ),
  );
});

/** Whole factors, of sizes that need not be known where elements are just repeated. */
const scaled = fc
  .tuple(
    fc.constantFrom<readonly [PlainAttributes, boolean]>(
      [{ mode: "nearest" }, false],
      [
        { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" },
        false,
      ],
      [{ mode: "nearest", nearest_mode: "ceil" }, true],
      [{ mode: "linear" }, true],
    ),
    fc.tuple(size, size),
    fc.tuple(size, size),
  )
  .chain(([[attributes, known], input, factors]) =>
    arrays([2, 2, ...input]).map(
      (x): Case => ({
        build: (g, [a]) => {
          const scales = g.constant(tensorOf("FP32", [4], [1, 1, ...factors]));
          return g.node("Resize", [a, undefined, scales], attributes);
        },
        inputs: [x],
        engine: "FP32",
        known: (_, axis) => known && axis > 1,
      }),
    ),
  );

const cropped = fc.tuple(arrays([1, 2, 3, 4]), fc.constantFrom("nearest", "linear", "cubic")).map(
  ([x, mode]): Case => ({
    build: (g, [a]) => {
      const roi = g.constant(tensorOf("FP32", [8], [0, 0, 0.4, 0.3, 1, 1, 1.2, 0.6]));
      return g.node("Resize", [a, roi, undefined, g.ints([1, 2, 4, 3])], {
        mode,
        coordinate_transformation_mode: "tf_crop_and_resize",
        extrapolation_value: 0.5,
      });
    },
    inputs: [x],
    engine: "FP32",
    known: () => true,
  }),
);

/** Axes that are not the last: the picture between the batch and the channels. */
const inside = fc.tuple(arrays([2, 3, 2, 2]), size).map(
  ([x, more]): Case => ({
    build: (g, [a]) =>
      g.node("Resize", [a, undefined, undefined, g.ints([2 + more, 3])], {
        mode: "linear",
        axes: [1, 2],
      }),
    inputs: [x],
    engine: "FP32",
    known: (_, axis) => axis === 1 || axis === 2,
  }),
);

judge(resizes, {
  Resize: fc.oneof(
    { weight: 4, arbitrary: sized },
    { weight: 2, arbitrary: scaled },
    { weight: 1, arbitrary: cropped },
    { weight: 1, arbitrary: inside },
  ),
});
