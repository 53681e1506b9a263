/**
 * Features of arrays: integers over the largest magnitude of the training rows, so that they lie within [-1, 1];
 * floats as they are, and tokens too, of which an id that the vocabulary does not have becomes 0.
 */
import type { GraphBuilder, Value } from "@amaas/graph";
import { elementCount } from "@amaas/tensor";
import type { Dataset } from "./dataset.ts";
import { floats } from "./encoders/constants.ts";

export interface ArrayPart {
  /** [rows, width] */
  readonly value: Value;
  readonly width: number;
  /** What 1 is of a feature in the numbers of the array. */
  readonly unit?: number;
}

const blockRows = 1024;

export function arrayPart(g: GraphBuilder, dataset: Dataset, rows: Uint32Array): ArrayPart {
  const { name = "", shape = [] } = dataset.inputs[0] ?? {};
  if (isSequence(dataset)) return sequencePart(g, name, dataset);
  const sizes = shape.slice(1);
  const width = elementCount(sizes);
  const input = g.input(name, "FP32", ["rows", ...sizes]);
  const value = sizes.length === 1 ? input : g.reshape(input, [-1, width]);
  if (dataset.source === "tokens")
    return { value: known(g, value, dataset.vocabulary ?? 0), width };
  if (dataset.source === "floats") return { value: g.identity(value), width, unit: 1 };
  const unit = largestMagnitude(dataset, name, rows) || 1;
  return { value: g.div(value, floats(g, [unit])), width, unit };
}

/** Whether a request may hold any number of tokens, as those to a language model do. */
export function isSequence({ inputs: [input] }: Dataset): boolean {
  return input?.shape[1] === -1;
}

function sequencePart(g: GraphBuilder, name: string, { shape, vocabulary }: Dataset): ArrayPart {
  const ids = g.input(name, "FP32", ["rows", "time"]);
  return { value: known(g, ids, vocabulary ?? 0), width: elementCount(shape ?? []) };
}

/** A request may hold any number; one that is no id of the vocabulary is looked up nowhere. */
function known(g: GraphBuilder, ids: Value, vocabulary: number): Value {
  const least = g.greaterOrEqual(ids, g.scalar(0, ids));
  const inside = g.and(least, g.less(ids, g.scalar(vocabulary, ids)));
  return g.where(inside, ids, g.scalar(0, ids));
}

function largestMagnitude(dataset: Dataset, name: string, rows: Uint32Array): number {
  let largest = 0;
  // In blocks: as float32, all rows at once may take four times the memory that the file does.
  for (let from = 0; from < rows.length; from += blockRows)
    for (const element of dataset.tensors(rows.subarray(from, from + blockRows))[name]?.data ?? [])
      largest = Math.max(largest, Math.abs(Number(element)));
  return largest;
}
