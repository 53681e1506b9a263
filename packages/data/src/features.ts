/**
 * Fits what turns raw columns into features, and writes it down as an ONNX graph.
 *
 * The graph is run for training and becomes the head of the served model, so a request goes through
 * the same arithmetic as the rows that the model learned from. Only the given rows are looked at.
 *
 * - a column of which the spec says nothing: numbers as in `encoders/plain-numbers.ts`, texts as in
 *   `encoders/one-hot.ts`; one with an encoding by that; crosses of columns after them all.
 * - an array of integers: over the largest magnitude, so that it lies within [-1, 1]. One of floats
 *   is taken as it is, and so are tokens; an id that the vocabulary does not have becomes 0.
 */
import { type GraphBuilder, graphBuilder, type Model } from "@amaas/graph";
import { arrayPart, isSequence } from "./array-features.ts";
import { columnParts, type FeaturePlan } from "./column-features.ts";
import type { Dataset } from "./dataset.ts";
import { join } from "./encoders/constants.ts";
import type { Part } from "./encoders/encoder.ts";
import { defaultLimits, faultyData, holdTo } from "./limits.ts";
import { fitText } from "./text-features.ts";

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
  /** The id that is 0 in the file whose tokens these are; those before it are none of the file's. */
  readonly firstOfFile?: number;
  /** Columns that hold ids 0 … size - 1, of which 0 is unknown or missing. */
  readonly categories?: readonly { readonly column: number; readonly size: number }[];
  /** What each feature is called, where they are made of columns. */
  readonly names?: readonly string[];
  /** Features that are something else in the training rows, in their order: those that the label is part of. */
  readonly training?: readonly TrainingFeature[];
}

export interface TrainingFeature {
  readonly column: number;
  readonly values: Float32Array;
}

/** @throws DomainError invalid-argument where a column cannot become features. */
export function fitFeatures(
  dataset: Dataset,
  rows: Uint32Array,
  plan: FeaturePlan = {},
): FittedFeatures {
  if (dataset.source === "text") return fitText(dataset, rows);
  const g = graphBuilder("features");
  return dataset.source === "columns"
    ? ofColumns(g, columnParts(g, dataset, rows, plan))
    : ofArray(g, dataset, rows);
}

function ofArray(g: GraphBuilder, dataset: Dataset, rows: Uint32Array): FittedFeatures {
  const { value, width, unit } = arrayPart(g, dataset, rows);
  holdTo(defaultLimits.features, width, "data", "features");
  const columns = isSequence(dataset) ? "time" : width;
  g.output("features", value, { type: "FP32", shape: ["rows", columns] });
  const { shape, vocabulary, firstOfFile } = dataset;
  return {
    model: g.model(),
    width,
    ...(unit !== undefined && { unit }),
    ...(shape && { shape }),
    ...(vocabulary !== undefined && { vocabulary }),
    ...(firstOfFile !== undefined && { firstOfFile }),
  };
}

function ofColumns(g: GraphBuilder, parts: readonly Part[]): FittedFeatures {
  const names = parts.flatMap((part) => part.names);
  const width = names.length;
  if (width === 0) throw faultyData("data.file", "no column has a value in the training rows");
  holdTo(defaultLimits.features, width, "data", "features");
  const values = parts.map(({ value }) => value);
  g.output("features", join(g, values), { type: "FP32", shape: ["rows", width] });
  const placed = withPlaces(parts);
  const categories = placed.flatMap(({ part: { ids }, column }) =>
    ids === undefined ? [] : [{ column, size: ids }],
  );
  const training = placed.flatMap(trainingFeatures);
  return {
    model: g.model(),
    width,
    names,
    ...(categories.length > 0 && { categories }),
    ...(training.length > 0 && { training }),
    ...wordsOf(parts),
  };
}

interface Placed {
  readonly part: Part;
  /** The first of its features. */
  readonly column: number;
}

function withPlaces(parts: readonly Part[]): readonly Placed[] {
  let next = 0;
  return parts.map((part) => {
    const column = next;
    next += part.names.length;
    return { part, column };
  });
}

function trainingFeatures({ part, column }: Placed): TrainingFeature[] {
  const { training, names } = part;
  if (!training) return [];
  return names.map((_, index) => ({
    column: column + index,
    values: training.filter((_, place) => place % names.length === index),
  }));
}

/** A network reads words in order, and nothing beside them. */
function wordsOf(parts: readonly Part[]): Pick<FittedFeatures, "shape" | "vocabulary" | "tokens"> {
  const [part] = parts.filter(({ tokens }) => tokens);
  if (!part?.tokens) return {};
  if (parts.length > 1)
    throw faultyData(
      "data.columns",
      `tokens are read alone: found ${parts.length - 1} more features beside ${part.names[0]}; list the other columns in data.ignore`,
    );
  return { shape: [part.names.length], vocabulary: part.tokens.length, tokens: part.tokens };
}
