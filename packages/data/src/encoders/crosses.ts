/**
 * Several columns as one: what they hold together. Texts count as themselves, numbers by their buckets; what
 * is missing counts as one more. By name, a flag for each combination of the training rows; with `buckets`,
 * by a hash of it.
 */
import type { GraphBuilder, Value } from "@amaas/graph";
import type { ColumnSpec, CrossSpec } from "@amaas/spec";
import { defaultLimits, faultyData } from "../limits.ts";
import { bucketOf, edgesOf } from "./buckets.ts";
import { type Codes, codesOf, distinctTexts } from "./codes.ts";
import { flagsOf, integers } from "./constants.ts";
import type { ColumnData, Part } from "./encoder.ts";
import { hashed } from "./hash.ts";

export interface CrossedColumn {
  readonly name: string;
  readonly value: Value;
  readonly data: ColumnData;
  readonly spec: ColumnSpec | undefined;
}

const usualBuckets = 10;

export function cross(
  g: GraphBuilder,
  { buckets }: CrossSpec,
  columns: readonly CrossedColumn[],
): Part {
  const name = columns.map((column) => column.name).join(" x ");
  const all = columns.map((column) => codesOfColumn(g, column)).reduce((a, b) => together(g, a, b));
  if (buckets !== undefined)
    return {
      value: flagsOf(g, hashed(g, all.value, buckets), buckets),
      names: Array.from({ length: buckets }, (_, index) => `${name}#${index}`),
    };
  const occurred = [...new Set(all.data)].sort((a, b) => a - b);
  if (occurred.length > defaultLimits.categories)
    throw faultyData(
      "features.crosses",
      `${name} has ${occurred.length} combinations in the training rows, wanted at most ${defaultLimits.categories}, or buckets to hash them into`,
    );
  return {
    value: g.cast(g.equal(all.value, integers(g, occurred)), "FP32"),
    names: occurred.map((code) => `${name}=${code}`),
  };
}

/** Numbered so that no two pairs have one number. */
function together(g: GraphBuilder, a: Codes, b: Codes): Codes {
  const size = a.size * b.size;
  if (size > 2 ** 31)
    throw faultyData(
      "features.crosses",
      `found ${size} possible combinations, wanted at most 2^31`,
    );
  return {
    value: g.add(g.mul(a.value, integers(g, [b.size])), b.value),
    size,
    data: a.data.map((code, row) => code * b.size + b.data[row]!),
  };
}

function codesOfColumn(g: GraphBuilder, { name, value, data, spec }: CrossedColumn): Codes {
  if (!(data instanceof Float32Array))
    return codesOf(g, value, data, distinctTexts(name, data, defaultLimits.features));
  const how = spec?.encode?.type === "buckets" ? spec.encode : { count: usualBuckets };
  const edges = edgesOf(data, how);
  const present = g.cast(g.not(g.isNaN(value)), "INT64");
  return {
    // 0 where it is missing, else one more than its bucket.
    value: g.add(bucketOf(g, value, edges), present),
    size: edges.length + 2,
    data: Int32Array.from(data, (each) =>
      Number.isNaN(each) ? 0 : 1 + edges.filter((edge) => each >= edge).length,
    ),
  };
}
