/**
 * Wide & deep (Cheng and others, 2016), of tables: a linear model of all columns, and beside it a multi-layer perceptron
 * of the numbers and of what stands for each category; their outputs are added.
 */
import type { Value } from "@amaas/graph";
import type { WideDeepSpec } from "@amaas/spec";
import { dense } from "../layers/dense.ts";
import { embedding } from "../layers/embedding.ts";
import type { LayerBuilder } from "../layers/layer-builder.ts";
import type { NetworkSize } from "../network.ts";
import { mlp } from "./mlp.ts";

export function wideDeep(
  n: LayerBuilder,
  features: Value,
  spec: WideDeepSpec,
  size: NetworkSize,
): Value {
  const { g } = n;
  const { categories = [], outputs } = size;
  const ids = categories.map(({ column, size: count }) => ({
    name: `column${column}`,
    count,
    id: g.cast(g.gather(features, g.scalar(column, "INT64"), 1), "INT32"),
  }));
  const numbers = numbersOf(n, features, size);
  const embedded = ids.map(({ name, count, id }) =>
    embedding(n.at(`deep/${name}`), id, { count, width: spec.embedding }),
  );
  const parts = [...embedded, ...(numbers ? [numbers] : [])];
  const deep = mlp(n.at("deep"), parts.length === 1 ? parts[0]! : g.concat(parts, 1), spec, size);
  // Each id has a weight for each output, which is a row of a table too.
  const wide = ids.map(({ name, count, id }) =>
    embedding(n.at(`wide/${name}`), id, { count, width: outputs, init: "zeros" }),
  );
  if (numbers) wide.push(dense(n.at("wide"), numbers, { width: outputs }));
  return wide.reduce((sum, part) => g.add(sum, part), deep);
}

/** The columns that hold no ids: [batch, count]. */
function numbersOf(
  { g }: LayerBuilder,
  features: Value,
  { features: count, categories = [] }: NetworkSize,
): Value | undefined {
  const taken = new Set(categories.map(({ column }) => column));
  const others = Array.from({ length: count }, (_, column) => column).filter(
    (column) => !taken.has(column),
  );
  if (taken.size === 0) return features;
  return others.length === 0 ? undefined : g.gather(features, g.ints(others), 1);
}
