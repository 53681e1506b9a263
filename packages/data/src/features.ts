/**
 * Fits what turns raw columns into features, and writes it down as an ONNX graph.
 *
 * The graph is run for training and becomes the head of the served model, so a request goes through
 * the same arithmetic as the rows that the model learned from. Only the given rows are looked at.
 * Plain ai.onnx operators:
 *
 * - a number: its median where it is missing, then less its mean, over its deviation; and a flag for
 *   missing if that occurred. A column that does not vary becomes 0.
 * - a text: a flag for each text that occurred, and one for missing if that occurred. A text that
 *   did not occur sets no flag.
 * - an array of integers: over the largest magnitude, so that it lies within [-1, 1]. One of floats
 *   is taken as it is, and so are tokens; an id that the vocabulary does not have becomes 0.
 */
import { type GraphBuilder, graphBuilder, type Model, type Value } from "@amaas/graph";
import { elementCount, type Tensor, tensor } from "@amaas/tensor";
import { missingSpellings } from "./cell.ts";
import type { Dataset } from "./dataset.ts";
import { defaultLimits, faultyData, holdTo } from "./limits.ts";
import { medianOf, scaleOf } from "./statistics.ts";

export interface FittedFeatures {
  /** Inputs: the data set's. Output: `features`, FP32 [rows, width]. */
  readonly model: Model;
  readonly width: number;
  /** What 1 is of a feature in the numbers of the array that it was; absent where features are made of columns. */
  readonly unit?: number;
  /** How one sample is to be seen: [channels, height, width], [time] of tokens, [time, channels]; else [width]. */
  readonly shape?: readonly number[];
  /** How many ids a token can be, where samples are tokens; 0 is padding. */
  readonly vocabulary?: number;
  /** What each id stands for, where tokens are of a text. */
  readonly tokens?: readonly string[];
  /** Columns that hold ids 0 … size - 1, of which 0 is unknown or missing. */
  readonly categories?: readonly { readonly column: number; readonly size: number }[];
}

/** A value [rows, width] of the graph. */
interface Part {
  readonly value: Value;
  readonly width: number;
  readonly unit?: number;
}

interface Column<Data> {
  readonly name: string;
  readonly value: Value;
  /** Of the rows to fit on. */
  readonly data: Data;
}

const blockRows = 1024;

/** @throws DomainError invalid-argument where a column cannot become features. */
export function fitFeatures(dataset: Dataset, rows: Uint32Array): FittedFeatures {
  const g = graphBuilder("features");
  const parts =
    dataset.source === "columns"
      ? columnParts(g, dataset, dataset.tensors(rows))
      : [arrayPart(g, dataset, rows)];
  const width = parts.reduce((sum, part) => sum + part.width, 0);
  if (width === 0) throw faultyData("data.file", "no column has a value in the training rows");
  holdTo(defaultLimits.features, width, "data", "features");
  const values = parts.map(({ value }) => value);
  const columns = isSequence(dataset) ? "time" : width;
  g.output("features", join(g, values), { type: "FP32", shape: ["rows", columns] });
  const { shape, vocabulary } = dataset;
  const unit = dataset.source === "columns" ? undefined : parts[0]?.unit;
  return {
    model: g.model(),
    width,
    ...(unit !== undefined && { unit }),
    ...(shape && { shape }),
    ...(vocabulary !== undefined && { vocabulary }),
  };
}

function arrayPart(g: GraphBuilder, dataset: Dataset, rows: Uint32Array): Part {
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
function isSequence({ inputs: [input] }: Dataset): boolean {
  return input?.shape[1] === -1;
}

function sequencePart(g: GraphBuilder, name: string, { shape, vocabulary }: Dataset): Part {
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

function columnParts(g: GraphBuilder, dataset: Dataset, raw: Record<string, Tensor>): Part[] {
  const numbers: Column<Float32Array>[] = [];
  const texts: Column<readonly string[]>[] = [];
  for (const { name, datatype } of dataset.inputs) {
    const value = g.input(name, datatype, ["rows", 1]);
    const data = raw[name]?.data;
    if (data instanceof Float32Array) numbers.push({ name, value, data });
    else if (Array.isArray(data)) texts.push({ name, value, data });
  }
  return [
    ...(numbers.length > 0 ? numberParts(g, numbers) : []),
    ...texts.flatMap((column) => textParts(g, column)),
  ];
}

/** All numbers at once: one value with a column for each, then one with the flags of some. */
function numberParts(g: GraphBuilder, columns: readonly Column<Float32Array>[]): Part[] {
  const fills = columns.map(({ data }) => medianOf(data));
  const scales = columns.map(({ data }, index) => scaleOf(filled(data, fills[index] ?? 0)));
  const means = scales.map(({ mean }) => mean);
  const deviations = scales.map(({ deviation }) => deviation);
  const values = columns.map(({ value }) => value);
  const x = join(g, values);
  const missing = g.isNaN(x);
  const centred = g.sub(g.where(missing, floats(g, fills), x), floats(g, means));
  const scaled = g.div(centred, floats(g, deviations));
  const flagged = [...columns.keys()].filter((index) => columns[index]?.data.some(Number.isNaN));
  const parts = [{ value: scaled, width: columns.length }];
  if (flagged.length === 0) return parts;
  const flags = g.cast(g.gather(missing, g.ints(flagged), 1), "FP32");
  return [...parts, { value: flags, width: flagged.length }];
}

function textParts(g: GraphBuilder, { name, value, data }: Column<readonly string[]>): Part[] {
  const occurred = new Set(data);
  const hasMissing = occurred.delete("");
  const categories = [...occurred].sort();
  if (categories.length > defaultLimits.categories)
    throw faultyData(
      "data.ignore",
      `column ${JSON.stringify(name)} has ${categories.length} different texts in the training rows, wanted at most ${defaultLimits.categories}, or the column listed here`,
    );
  const parts: Part[] = [];
  if (categories.length > 0)
    parts.push({
      value: g.cast(g.equal(value, texts(g, categories)), "FP32"),
      width: categories.length,
    });
  if (hasMissing) {
    // A request may write a missing value in any way that the data might have.
    const spelled = g.cast(g.equal(value, texts(g, missingSpellings)), "FP32");
    parts.push({ value: g.reduceMax(spelled, [1]), width: 1 });
  }
  return parts;
}

function join(g: GraphBuilder, values: readonly Value[]): Value {
  const [first] = values;
  return first && values.length === 1 ? first : g.concat(values, 1);
}

function floats(g: GraphBuilder, values: readonly number[]): Value {
  return g.constant(tensor("FP32", [1, values.length], Float32Array.from(values)));
}

function texts(g: GraphBuilder, values: readonly string[]): Value {
  return g.constant(tensor("BYTES", [1, values.length], [...values]));
}

function filled(values: Float32Array, fill: number): Float32Array {
  return values.map((value) => (Number.isNaN(value) ? fill : value));
}
