import type { GraphBuilder, PlainAttributes, Value } from "@amaas/graph";
import fc from "fast-check";
import type { Case } from "../oracle.fixture.ts";
import { arrays, distinct, judge } from "./judge.fixture.ts";
import { normalization } from "./normalization.ts";

const extent = fc.integer({ min: 2, max: 4 });
/** Large enough to keep the curvature within reach of differences. */
const epsilon = fc.constantFrom(0.01, 0.5);

/** What is normalized, from which axis on, and the shape of a scale: as long as that, its last axis, or one number. */
const rows = fc.array(extent, { minLength: 1, maxLength: 3 }).chain((shape) =>
  fc.record({
    shape: fc.constant(shape),
    axis: fc.integer({ min: -shape.length, max: shape.length - 1 }),
    form: fc.constantFrom("own", "last", "one"),
    epsilon,
  }),
);

function scaleShape(shape: readonly number[], axis: number, form: string): readonly number[] {
  if (form === "one") return [1];
  return form === "last" ? shape.slice(-1) : shape.slice(axis);
}

/** The outputs that the loss depends on, each a part of it. */
const layerNormalization = rows.chain(({ shape, axis, form, epsilon }) => {
  const scale = scaleShape(shape, axis, form);
  const used = fc.constantFrom([0], [0], [0, 1, 2], [1], [2]);
  return fc
    .tuple(distinct(shape), arrays(scale), arrays(scale), fc.boolean(), used)
    .map(([x, factors, terms, biased, used]): Case => {
      const build = (g: GraphBuilder, [x, scale, bias]: readonly Value[]) => {
        const inputs = [x!, scale!, biased ? bias : undefined];
        const made = g.node("LayerNormalization", inputs, { axis, epsilon }, { outputs: 3 });
        const parts = used.map((index) => g.cast(made[index]!, x!.type!));
        return g.add(
          parts.reduce((a, b) => g.add(a, b)),
          g.mul(scale!, bias!),
        );
      };
      const statistics = used.some((index) => index > 0);
      return {
        build,
        inputs: [x, factors, terms],
        ...(statistics && { engine: "FP32" }),
      };
    });
});

const rmsNormalization = rows.chain(({ shape, axis, form, epsilon }) =>
  fc.tuple(distinct(shape), arrays(scaleShape(shape, axis, form))).map(
    (inputs): Case => ({
      build: (g, x) => g.node("RMSNormalization", x, { axis, epsilon }),
      inputs,
    }),
  ),
);

/** Samples of some channels; as float64, the engine has kernels for neither. */
function channelwise(op: string, more: PlainAttributes, multiple: number): fc.Arbitrary<Case> {
  const spatial = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 2 });
  return fc
    .tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 2 }), spatial, epsilon)
    .chain(([samples, groups, spatial, epsilon]) => {
      const channels = groups * multiple;
      return fc
        .tuple(distinct([samples, channels, ...spatial]), arrays([channels]), arrays([channels]))
        .map(
          (inputs): Case => ({
            build: (g, x) => g.node(op, x, { epsilon, ...more }),
            inputs,
            engine: "FP32",
          }),
        );
    });
}

judge(normalization, {
  LayerNormalization: layerNormalization,
  RMSNormalization: rmsNormalization,
  GroupNormalization: channelwise("GroupNormalization", { num_groups: 2 }, 2),
  InstanceNormalization: channelwise("InstanceNormalization", {}, 1),
});
