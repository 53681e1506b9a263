/**
 * The tokens that a language model's file knows: a served model brings those that its ids stand for, and a text is read
 * by them. What ids of other files stand for only the spec can say.
 */
import type { Dataset } from "@amaas/data";
import type { Model } from "@amaas/graph";
import { servedLanguageModel } from "@amaas/nn";
import type { ArchitectureSpec } from "@amaas/spec";

/** The data set, whose tokens are those of the file where it has any and the spec lists none. */
export function withTokensOf(
  model: Model | undefined,
  architecture: ArchitectureSpec,
  dataset: Dataset,
): Dataset {
  if (!model || architecture.type !== "onnx" || dataset.source !== "text" || dataset.known)
    return dataset;
  const text = servedLanguageModel(model.graph)?.text;
  const isEntered = text && (architecture.input ?? text.input) === text.input;
  return isEntered ? { ...dataset, known: text.tokens } : dataset;
}

/** Below this share it is as in any text. */
const shareTold = 0.01;
const blockRows = 1024;

/** What looks as if ids stood for something else than the file has learnt; one line each. */
export function tokenWarnings(
  architecture: ArchitectureSpec,
  dataset: Dataset,
  training: Uint32Array,
): string[] {
  const { source, known, firstOfFile } = dataset;
  if (architecture.type !== "onnx" || source !== "text" || firstOfFile !== undefined) return [];
  if (!known)
    return architecture.initial === "fresh"
      ? []
      : [
          "ids are given to tokens by how often the text has them; if those of the file stand for tokens already, list these in data.ids",
        ];
  const { share, first } = unknownIn(dataset, training, new Set(known));
  if (share < shareTold) return [];
  return [
    `${(100 * share).toFixed(1)} % of the training part's tokens are none of the file's, as ${JSON.stringify(first)}: it takes them all for one`,
  ];
}

function unknownIn(dataset: Dataset, rows: Uint32Array, known: ReadonlySet<string>) {
  let first = "";
  let unknown = 0;
  let all = 0;
  for (let from = 0; from < rows.length; from += blockRows) {
    const block = dataset.tensors(rows.subarray(from, from + blockRows)).tokens?.data ?? [];
    all += block.length;
    for (const token of block) {
      if (known.has(String(token))) continue;
      if (unknown === 0) first = String(token);
      unknown++;
    }
  }
  return { share: unknown / Math.max(all, 1), first };
}
