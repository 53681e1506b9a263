/**
 * Fits what turns the tokens of a text into ids: 0 is padding, the empty text; 1 is every token that is not among the
 * most frequent of the training rows; those follow, the most frequent first. Where it is said which tokens are known,
 * they stand in the place of those.
 */
import { graphBuilder } from "@amaas/graph";
import type { Dataset } from "./dataset.ts";
import type { FittedFeatures } from "./features.ts";

const padding = "";
/** What a token that is not known is shown as. */
const unknown = "\uFFFD";
const unknownId = 1;

const blockRows = 1024;

/** The graph's input is the data set's, BYTES [rows, time]; its output `features` FP32 [rows, time]. */
export function fitText(dataset: Dataset, rows: Uint32Array): FittedFeatures {
  const { inputs, shape = [], vocabulary: most = 0, known, firstOfFile } = dataset;
  const name = inputs[0]?.name ?? "";
  const own = known ?? mostFrequent(dataset, name, rows).slice(0, most - 2);
  const tokens = [padding, unknown, ...own];
  const ids = new Map(tokens.map((token, id) => [token, id]));
  ids.set(padding, 0);
  if (ids.get(unknown) === unknownId) ids.delete(unknown);
  const g = graphBuilder("features");
  const text = g.input(name, "BYTES", ["rows", "time"]);
  const features = g.node(
    "LabelEncoder",
    [text],
    {
      keys_strings: [...ids.keys()],
      values_floats: [...ids.values()],
      default_float: unknownId,
    },
    { domain: "ai.onnx.ml" },
  );
  g.output("features", features);
  return {
    model: g.model(),
    width: shape[0] ?? 0,
    shape,
    vocabulary: tokens.length,
    tokens,
    ...(firstOfFile !== undefined && { firstOfFile }),
  };
}

/** Of equally frequent ones, in the order of their code units. */
function mostFrequent(dataset: Dataset, name: string, rows: Uint32Array): readonly string[] {
  const counts = new Map<string, number>();
  for (let from = 0; from < rows.length; from += blockRows) {
    const block = dataset.tensors(rows.subarray(from, from + blockRows))[name]?.data;
    if (!Array.isArray(block)) throw new Error(`the input ${name} is no text`);
    for (const token of block) counts.set(token, (counts.get(token) ?? 0) + 1);
  }
  counts.delete(unknown);
  return [...counts]
    .sort(([a, left], [b, right]) => right - left || (a < b ? -1 : 1))
    .map(([token]) => token);
}
