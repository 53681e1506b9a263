/**
 * What features are worth in the training rows, and the graph that keeps the best of them.
 *
 * Rows come in blocks, as often as needed, so that no more than a block of them is in memory. Which features
 * are kept decides about weights, so scores are made of operations that every machine rounds alike.
 */
import { graphBuilder, type Model } from "@amaas/graph";
import type { SelectSpec } from "@amaas/spec";
import type { Labels } from "./dataset.ts";
import type { FittedFeatures } from "./features.ts";
import { lasso } from "./lasso.ts";
import { faultyData } from "./limits.ts";
import { mutualInformation } from "./mutual-information.ts";
import { permutationImportance } from "./permutation-importance.ts";

/** The features of the training rows, block by block in their order, [rows, width]. */
export type Blocks = () => AsyncIterable<Float32Array>;

/** A number for each feature: the more, the better. `labels` are of the same rows. */
export type Score = (blocks: Blocks, width: number, labels: Labels) => Promise<Float64Array>;

export interface Selection {
  readonly features: FittedFeatures;
  readonly dropped: readonly string[];
}

const scores: { readonly [B in SelectSpec["by"]]: Score } = {
  variance,
  "mutual-information": mutualInformation,
  l1: lasso,
  permutation: permutationImportance,
};

/** @throws DomainError invalid-argument where nothing is left, or no feature can be dropped. */
export async function selectFeatures(
  fitted: FittedFeatures,
  spec: SelectSpec,
  blocks: Blocks,
  labels: Labels,
): Promise<Selection> {
  if (fitted.shape && fitted.shape.length > 0)
    throw faultyData(
      "features.select",
      `samples are seen as [${fitted.shape}], of which no part can be dropped`,
    );
  const worth = await scores[spec.by](blocks, fitted.width, labels);
  const kept = best(worth, spec, new Set(fitted.categories?.map(({ column }) => column)));
  if (kept.length === 0)
    throw faultyData(
      "features.select.min",
      `no feature is worth ${spec.min}, the best one ${worth.reduce((a, b) => Math.max(a, b))}`,
    );
  const places = new Map(kept.map((column, place) => [column, place]));
  const gone = Array.from(worth.keys()).filter((column) => !places.has(column));
  return {
    features: reduced(fitted, places),
    dropped: gone.map((column) => fitted.names?.[column] ?? `feature ${column}`),
  };
}

/** Columns, in their order. Ids stand for something that their size does not tell, so they always stay. */
function best(
  worth: Float64Array,
  { keep = worth.length, min = Number.NEGATIVE_INFINITY }: SelectSpec,
  ids: ReadonlySet<number>,
): number[] {
  const others = [...worth.keys()].filter((column) => !ids.has(column) && worth[column]! >= min);
  others.sort((a, b) => worth[b]! - worth[a]! || a - b);
  return [...ids, ...others.slice(0, keep)].sort((a, b) => a - b);
}

function reduced(fitted: FittedFeatures, places: ReadonlyMap<number, number>): FittedFeatures {
  const { names, categories, training, ...rest } = fitted;
  const moved = <T extends { readonly column: number }>(list: readonly T[]): T[] =>
    list.flatMap((each) => {
      const column = places.get(each.column);
      return column === undefined ? [] : [{ ...each, column }];
    });
  return {
    ...rest,
    model: gathered(fitted.model, [...places.keys()]),
    width: places.size,
    ...(names && { names: names.filter((_, column) => places.has(column)) }),
    ...(categories && { categories: moved(categories) }),
    ...(training && { training: moved(training) }),
  };
}

function gathered({ graph }: Model, columns: readonly number[]): Model {
  const g = graphBuilder(graph.name);
  const inputs = graph.inputs.map(({ name, type, shape }) => [name, g.input(name, type, shape)]);
  const { features } = g.inline(graph, Object.fromEntries(inputs));
  const kept = g.gather(features!, g.ints(columns), 1);
  g.output("features", kept, { type: "FP32", shape: ["rows", columns.length] });
  return g.model();
}

/** By Welford's recurrence (1962), which loses no digits to a mean far from 0. */
async function variance(blocks: Blocks, width: number): Promise<Float64Array> {
  const mean = new Float64Array(width);
  const squares = new Float64Array(width);
  let rows = 0;
  for await (const block of blocks())
    for (let at = 0; at < block.length; at += width) {
      rows++;
      for (let column = 0; column < width; column++) {
        const away = block[at + column]! - mean[column]!;
        mean[column]! += away / rows;
        squares[column]! += away * (block[at + column]! - mean[column]!);
      }
    }
  return squares.map((square) => square / Math.max(1, rows));
}
