/** Gradient rules for GatherND and ScatterND: blocks picked and placed by index vectors. */
import type { GraphBuilder, Value } from "@amaas/graph";
import { refuse } from "../refusal.ts";
import type { Rules } from "../rule.ts";
import {
  reshapeBy,
  reshapeLike,
  type Size,
  shapeOf,
  sizesOf,
  times,
  vectorOf,
  zerosLike,
} from "../sizes.ts";
import { countTo, rowPositions, sumRows, type Table } from "./rows.ts";
import { scatterGradients } from "./scatter-elements.ts";

export const scatters = {
  GatherND: ({ g, x: [data, indices], dy, attributes: { batch_dims } }) => {
    const table = tableOf(g, data, indices, batch_dims);
    const ids = rowIds(g, data, indices, batch_dims);
    return [reshapeLike(g, sumRows(g, table, ids, dy), data), null];
  },

  // As ScatterElements, with all blocks laid out as rows of a table.
  ScatterND: ({ g, x: [data, indices, updates], y, dy, attributes: { reduction }, wanted }) => {
    const picked = () => g.node("GatherND", [dy, indices]);
    if (reduction === "add") return [dy, null, wanted[2] ? picked() : null];
    if (reduction === "none") {
      const rest = () => g.node("ScatterND", [dy, indices, zerosLike(g, updates)]);
      return [wanted[0] ? rest() : null, null, wanted[2] ? picked() : null];
    }
    const { width } = tableOf(g, data, indices, 0);
    const positions = rowPositions(g, rowIds(g, data, indices, 0), width);
    const [flat, changes, made, d] = [data, updates, y, dy].map((x) => g.reshape(x, [-1]));
    const [ddata, dupdates] = scatterGradients(g, {
      x: [flat!, positions, changes!],
      y: made!,
      dy: d!,
      axis: 0,
      reduction,
      wanted,
    });
    return [
      ddata && reshapeLike(g, ddata, data),
      null,
      dupdates && reshapeLike(g, dupdates, updates),
    ];
  },
} satisfies Rules<"GatherND" | "ScatterND">;

/** The data as rows: one for each place that an index vector can name, batches behind one another. */
function tableOf(g: GraphBuilder, data: Value, indices: Value, batchDims: number): Table {
  const depth = depthOf(indices);
  const all = sizesOf(g, data);
  return {
    count: product(g, all.slice(0, batchDims + depth)),
    width: product(g, all.slice(batchDims + depth)),
  };
}

function depthOf(indices: Value): number {
  const depth = shapeOf(indices).at(-1);
  return typeof depth === "number"
    ? depth
    : refuse(
        `the length of the index vectors in "${indices.label}" is not known; declare its last size`,
      );
}

/** Which row each index vector names. */
function rowIds(g: GraphBuilder, data: Value, indices: Value, batchDims: number): Value {
  const depth = depthOf(indices);
  const batch = sizesOf(g, data).slice(0, batchDims);
  const inner = sizesOf(g, data).slice(batchDims, batchDims + depth);
  if (batchDims === 0 && depth === 1) return g.reshape(indices, [-1]);
  const strides = inner.map((_, axis) => product(g, inner.slice(axis + 1)));
  // Of a negative number, Mod is what it means as an index.
  const steps = g.mul(g.node("Mod", [indices, vectorOf(g, inner)]), vectorOf(g, strides));
  const ids = depth === 1 ? g.squeeze(steps, [-1]) : g.reduceSum(steps, [-1], { keepdims: false });
  if (batchDims === 0) return ids;
  const numbered = countTo(g, vectorOf(g, [product(g, batch)]));
  const ones = new Array<number>(shapeOf(ids).length - batchDims).fill(1);
  const starts = g.mul(numbered, vectorOf(g, [product(g, inner)]));
  return g.add(reshapeBy(g, starts, [...batch, ...ones]), ids);
}

function product(g: GraphBuilder, sizes: readonly Size[]): Size {
  return sizes.reduce((a, b) => times(g, a, b), 1);
}
