/** What TfIdfVectorizer counts: runs of words, or of numbers, that its pool names. */
import type { DataType } from "@amaas/tensor";
import { misfit } from "../misfit.ts";
import { type NDArray, ndarray } from "../ndarray.ts";

type Word = string | number;

export interface Terms {
  readonly mode: string;
  readonly min_gram_length: number;
  readonly max_gram_length: number;
  readonly max_skip_count: number;
  /** Where the runs of each length begin in the pool. */
  readonly ngram_counts: readonly number[];
  /** The column of each run, in the order of the pool. */
  readonly ngram_indexes: readonly number[];
  readonly pool_strings: readonly string[] | undefined;
  readonly pool_int64s: readonly number[] | undefined;
  readonly weights: readonly number[] | undefined;
}

export function termsWidth({ ngram_indexes }: Terms): number {
  return ngram_indexes.reduce((most, index) => Math.max(most, index + 1), 0);
}

/** The place of each run among the runs of the pool. */
export function pooled(terms: Terms, type: DataType): ReadonlyMap<string, number> {
  const { pool_strings, pool_int64s, ngram_counts, ngram_indexes, weights } = terms;
  const pool: readonly Word[] | undefined = type === "BYTES" ? pool_strings : pool_int64s;
  if (!pool) return misfit(`there is no pool of ${type}`);
  const runs = new Map<string, number>();
  for (const [index, start] of ngram_counts.entries()) {
    const length = index + 1;
    const end = ngram_counts[length] ?? pool.length;
    if (start > end || end > pool.length || (end - start) % length !== 0)
      misfit(`ngram_counts [${ngram_counts}] do not cut ${pool.length} entries into runs`);
    for (let at = start; at < end; at += length)
      runs.set(keyOf(pool.slice(at, at + length)), runs.size);
  }
  if (runs.size !== ngram_indexes.length)
    misfit(`ngram_indexes has ${ngram_indexes.length} entries for ${runs.size} different runs`);
  if (weights && weights.length !== runs.size)
    misfit(`weights has ${weights.length} entries for ${runs.size} runs`);
  return runs;
}

export function countTerms(x: NDArray, terms: Terms): NDArray {
  const { mode, ngram_indexes, weights } = terms;
  const runs = pooled(terms, x.type);
  const width = termsWidth(terms);
  const [words = 0] = x.shape.slice(-1);
  const rows = x.shape.length === 1 ? 1 : x.shape[0]!;
  const data = new Float64Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const line: readonly Word[] = [...x.data.slice(row * words, (row + 1) * words)];
    for (const run of runsOf(line, terms)) {
      const place = runs.get(run);
      if (place === undefined) continue;
      const column = row * width + ngram_indexes[place]!;
      const weight = mode === "TF" ? 1 : (weights?.[place] ?? 1);
      data[column] = mode === "IDF" ? weight : data[column]! + weight;
    }
  }
  return ndarray("FP32", [...x.shape.slice(0, -1), width], data);
}

/** Single words are counted once, however many may be skipped between others. */
function* runsOf(words: readonly Word[], terms: Terms): Generator<string> {
  const { min_gram_length, max_gram_length, max_skip_count } = terms;
  for (let length = min_gram_length; length <= max_gram_length; length++)
    for (let step = 1; step <= (length === 1 ? 1 : max_skip_count + 1); step++)
      for (let at = 0; at + (length - 1) * step < words.length; at++)
        yield keyOf(Array.from({ length }, (_, index) => words[at + index * step]!));
}

function keyOf(run: readonly Word[]): string {
  return JSON.stringify(run);
}
