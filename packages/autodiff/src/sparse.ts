/**
 * The gradient of a table that is only looked up in: which rows were taken and what reached each, never a table of
 * zeros with a few rows filled in. The gradient at the rows of one Gather is the gradient at its output as it is.
 */
import {
  describeNode,
  type Graph,
  type GraphBuilder,
  type Node,
  namesUsedBy,
  type Value,
} from "@amaas/graph";
import type { Values } from "./backward.ts";
import { refuse } from "./refusal.ts";
import { flatSize, reshapeBy, sizeAt, sizesOf, vectorOf } from "./sizes.ts";

export interface SparseGradient {
  /** [n] INT64: which row of the table each row belongs to; one taken several times is there several times. */
  readonly ids: Value;
  /** [n, ...row] */
  readonly rows: Value;
}

/**
 * The nodes that look up rows of a table, but for those whose rows are constants; refuses any other use of it, which
 * would have a dense gradient.
 */
export function lookupsOf(
  graph: Graph,
  table: string,
  constants: readonly string[],
): readonly Node[] {
  const users = graph.nodes.filter((node) => namesUsedBy(node).includes(table));
  const other = users.find((node) => !isLookup(node, table));
  if (other)
    refuse(
      `${describeNode(other, graph.opsets)} uses "${table}" as a whole, so its gradient is dense; only a table that is nothing but the data of Gathers along axis 0 has a sparse one`,
    );
  if (graph.outputs.some(({ name }) => name === table))
    refuse(`"${table}" is an output of graph "${graph.name}", so its gradient is dense`);
  return users.filter(({ outputs: [rows] }) => !constants.includes(rows!));
}

function isLookup({ op, domain, inputs, attributes }: Node, table: string): boolean {
  const { axis } = attributes;
  const first = axis === undefined || (axis.kind === "int" && axis.value === 0);
  return domain === "" && op === "Gather" && first && inputs[0] === table && inputs[1] !== table;
}

/** The rows of all lookups, in the order of the nodes; undefined when no gradient reaches one. */
export function sparseGradient(
  g: GraphBuilder,
  values: Values,
  gradients: Values,
  table: string,
  lookups: readonly Node[],
): SparseGradient | undefined {
  const data = values.get(table)!;
  const parts = lookups.flatMap((node) => {
    const d = gradients.get(node.outputs[0]!);
    return d ? [rowsOf(g, data, values.get(node.inputs[1]!)!, d)] : [];
  });
  if (parts.length <= 1) return parts[0];
  return {
    ids: g.concat(
      parts.map(({ ids }) => ids),
      0,
    ),
    rows: g.concat(
      parts.map(({ rows }) => rows),
      0,
    ),
  };
}

function rowsOf(g: GraphBuilder, data: Value, indices: Value, d: Value): SparseGradient {
  const given = indices.type === "INT64" ? indices : g.cast(indices, "INT64");
  const length = vectorOf(g, [sizeAt(g, data, 0)]);
  const [, ...row] = sizesOf(g, data);
  return {
    // Of a negative number, Mod is what it means as an index.
    ids: g.node("Mod", [g.reshape(given, [-1]), length]),
    rows: reshapeBy(g, d, [flatSize(g, indices), ...row]),
  };
}
