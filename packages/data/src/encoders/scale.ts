/**
 * A number, brought to a size that networks learn well with: filled in where it is missing, clipped, its
 * logarithm taken, shifted and divided, in this order and each only as asked. A flag where values were missing.
 */
import type { GraphBuilder, Value } from "@amaas/graph";
import type { ScaleSpec } from "@amaas/spec";
import { isUsable, meanOf, medianOf, quantileOf, scaleOf } from "../statistics.ts";
import { floats, missingFlag } from "./constants.ts";
import type { NumberEncoder } from "./encoder.ts";
import { signedLog, signedLogOf } from "./logarithm.ts";
import { filled } from "./plain-numbers.ts";

export const scale: NumberEncoder<ScaleSpec> = ({ g, name, value, data, spec }) => {
  const missing = g.isNaN(value);
  const fill = fillOf(data, spec.missing);
  let x = g.where(missing, floats(g, [fill]), value);
  let values = filled(data, fill);
  const [least, most] = [spec.min, spec.max].map((bound) => bound && Math.fround(bound));
  if (least !== undefined) {
    x = g.node("Max", [x, floats(g, [least])]);
    values = values.map((each) => Math.max(each, least));
  }
  if (most !== undefined) {
    x = g.node("Min", [x, floats(g, [most])]);
    values = values.map((each) => Math.min(each, most));
  }
  if (spec.log) {
    x = signedLogOf(g, x);
    values = values.map(signedLog);
  }
  const scaled = { value: shifted(g, x, ...placements[spec.by](values)), names: [name] };
  if (!data.some(Number.isNaN)) return [scaled];
  return [scaled, missingFlag(name, g.cast(missing, "FP32"))];
};

function fillOf(data: Float32Array, missing: ScaleSpec["missing"]): number {
  if (typeof missing === "number") return Math.fround(missing);
  return Math.fround(missing === "mean" ? meanOf(data) : medianOf(data));
}

type Placement = readonly [offset: number, unit: number];

const placements: {
  readonly [B in ScaleSpec["by"]]: (values: Float32Array) => Placement | readonly [];
} = {
  standard(values) {
    const { mean, deviation } = scaleOf(values);
    return [mean, deviation];
  },
  "min-max"(values) {
    const least = quantileOf(values, 0);
    return [least, quantileOf(values, 1) - least];
  },
  robust: (values) => [medianOf(values), quantileOf(values, 0.75) - quantileOf(values, 0.25)],
  none: () => [],
};

/** Less the offset, over the unit; a unit that nothing can be divided by is 1. */
function shifted(g: GraphBuilder, x: Value, offset?: number, unit?: number): Value {
  if (offset === undefined || unit === undefined) return x;
  return g.div(g.sub(x, floats(g, [offset])), floats(g, [isUsable(unit) ? unit : 1]));
}
