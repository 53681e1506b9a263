/**
 * A number by the bucket that it falls into. Buckets are open on the right: the i-th holds what is at least
 * its own edge and less than the next one's; the first has no lower edge, the last no upper one.
 */
import type { GraphBuilder, Value } from "@amaas/graph";
import type { BucketsSpec } from "@amaas/spec";
import { quantileOf } from "../statistics.ts";
import { flagsOf, floats, integers, missingFlag, shown } from "./constants.ts";
import type { NumberEncoder, Part } from "./encoder.ts";

export const buckets: NumberEncoder<BucketsSpec> = ({ g, name, value, data, spec }) => {
  const edges = edgesOf(data, spec);
  const missing = g.isNaN(value);
  const bucket = bucketOf(g, value, edges);
  const parts: Part[] = [
    spec.as === "one-hot"
      ? {
          value: flagsOf(g, g.where(missing, integers(g, [-1]), bucket), edges.length + 1),
          names: namesOf(name, edges),
        }
      : {
          // From 0 for the first to 1 for the last; 0, too, where it is missing.
          value: g.div(g.cast(bucket, "FP32"), floats(g, [Math.max(1, edges.length)])),
          names: [name],
        },
  ];
  if (data.some(Number.isNaN)) parts.push(missingFlag(name, g.cast(missing, "FP32")));
  return parts;
};

/** Those given, or the quantiles that cut the training rows into equal parts, each once. */
export function edgesOf(
  data: Float32Array,
  { edges, count }: Pick<BucketsSpec, "edges" | "count">,
): readonly number[] {
  if (edges) return edges.map(Math.fround);
  const least = quantileOf(data, 0);
  const found = Array.from({ length: count - 1 }, (_, index) =>
    Math.fround(quantileOf(data, (index + 1) / count)),
  );
  // Nothing is below the least.
  return [...new Set(found)].filter((edge) => edge > least);
}

/** INT64 [rows, 1]: how many edges the number has reached, none where it is missing. */
export function bucketOf(g: GraphBuilder, value: Value, edges: readonly number[]): Value {
  if (edges.length === 0) return g.mul(g.cast(g.isNaN(value), "INT64"), integers(g, [0]));
  return g.reduceSum(g.cast(g.greaterOrEqual(value, floats(g, edges)), "INT64"), [1]);
}

function namesOf(name: string, edges: readonly number[]): string[] {
  const [first, ...others] = edges.map(shown);
  if (first === undefined) return [`any ${name}`];
  const bounds = [first, ...others];
  const between = others.map((edge, index) => `${bounds[index]}<=${name}<${edge}`);
  return [`${name}<${first}`, ...between, `${bounds.at(-1)}<=${name}`];
}
