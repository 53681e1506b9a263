/**
 * A text by a hash of it, so that new texts need no new features and no list is kept: MurmurHash3 of its UTF-8
 * (Appleby, 2011), modulo the number of buckets (Weinberger and others, 2009, Feature Hashing for Large Scale
 * Multitask Learning). No bucket where it is missing.
 */
import { contribDomain, type GraphBuilder, type Value } from "@amaas/graph";
import type { HashSpec } from "@amaas/spec";
import { flagsOf, integers, missingText } from "./constants.ts";
import type { TextEncoder } from "./encoder.ts";

export const hash: TextEncoder<HashSpec> = ({ g, name, value, spec }) => {
  const missing = g.cast(missingText(g, value), "BOOL");
  const bucket = g.where(missing, integers(g, [-1]), hashed(g, value, spec.buckets));
  if (spec.as === "category") {
    const id = g.add(bucket, integers(g, [1]));
    return [{ value: g.cast(id, "FP32"), names: [name], ids: spec.buckets + 1 }];
  }
  return [
    {
      value: flagsOf(g, bucket, spec.buckets),
      names: Array.from({ length: spec.buckets }, (_, index) => `${name}#${index}`),
    },
  ];
};

/** INT64 of BYTES or INT64, from 0 to `buckets` - 1. */
export function hashed(g: GraphBuilder, value: Value, buckets: number): Value {
  const signed = g.node("MurmurHash3", [value], { positive: 0 }, { domain: contribDomain });
  return g.node("Mod", [g.cast(signed, "INT64"), integers(g, [buckets])]);
}
