import { ndarray } from "@amaas/graph";
import fc from "fast-check";
import type { Case } from "../oracle.fixture.ts";
import { centerCrops } from "./center-crop.ts";
import { arrays, judge, ranked } from "./judge.fixture.ts";

/** Other sizes for some axes, as constants or as what the graph is fed. */
const crops = ranked.chain((shape) =>
  fc
    .tuple(
      arrays(shape.map((size) => size + 1)),
      fc.shuffledSubarray([...shape.keys()], { minLength: 1 }),
      fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 3, maxLength: 3 }),
      fc.constantFrom("constant", "fed", "all axes"),
    )
    .map(([x, axes, sizes, form]): Case => {
      if (form === "all axes") {
        const wanted = sizes.slice(0, shape.length);
        return { build: (g, [a]) => g.node("CenterCropPad", [a, g.ints(wanted)]), inputs: [x] };
      }
      const wanted = sizes.slice(0, axes.length);
      return {
        build: (g, [a, fed]) =>
          g.node("CenterCropPad", [a, form === "fed" ? fed : g.ints(wanted)], {
            axes: axes.map((axis, index) => (index === 0 ? axis - shape.length : axis)),
          }),
        inputs: [x, ndarray("INT32", [wanted.length], wanted)],
        known: (input) => input === 1,
      };
    }),
);

judge(centerCrops, { CenterCropPad: crops });
