/**
 * A data set of plain text: windows of tokens, one row each, of which the next token is what there is to tell.
 *
 * Tokens put together again are the text. Several files are one text, in the order of their names.
 */
import type { TextSpec } from "@amaas/spec";
import { tensor } from "@amaas/tensor";
import { type OpenFile, wholeFile } from "./data-file.ts";
import type { Dataset } from "./dataset.ts";
import { faultyData, holdTo, type Limits } from "./limits.ts";
import { openParts, type Part } from "./parts.ts";
import { tokenize } from "./text-tokens.ts";

const field = "data.file";
/** Those of padding and of all other tokens. */
const reservedIds = 2;

export async function readText(spec: TextSpec, open: OpenFile, limits: Limits): Promise<Dataset> {
  const { context, stride = context, ids } = spec;
  const width = context + 1;
  const parts = await openParts(field, spec.file, open, limits);
  const bytes = parts.reduce((sum, { file }) => sum + file.bytes, 0);
  holdTo(limits.textBytes, bytes, field, "bytes of text");
  const { tokens, distinct } = await numbered(spec, parts, bytes);
  if (ids) refuseUnlisted(distinct, ids);
  const rows = Math.floor((tokens.length - width) / stride) + 1;
  if (rows < 1)
    throw faultyData(
      field,
      `found ${tokens.length} tokens, wanted at least ${width}, one more than data.context`,
    );
  holdTo(limits.rows, rows, field, "windows");
  return {
    source: "text",
    rows,
    skippedRows: 0,
    // A language model is asked about as many tokens as there are.
    inputs: [{ name: "tokens", datatype: "BYTES", shape: [-1, -1] }],
    shape: [width],
    vocabulary: spec.vocabulary,
    ...(ids && { known: ids, firstOfFile: reservedIds }),
    labels: { kind: "none" },
    keys: { windows: { stride, width } },
    tensors: (chosen) => ({
      tokens: tensor(
        "BYTES",
        [chosen.length, width],
        Array.from(chosen, (row) =>
          Array.from(
            tokens.subarray(row * stride, row * stride + width),
            (number) => distinct[number] ?? "",
          ),
        ).flat(),
      ),
    }),
  };
}

/** A file that is trained on has no id for it, and so no score. */
function refuseUnlisted(distinct: readonly string[], ids: readonly string[]): void {
  const listed = new Set(ids);
  const other = distinct.find((token) => !listed.has(token));
  if (other !== undefined)
    throw faultyData(
      "data.ids",
      `does not list ${JSON.stringify(other)}, which the text has, wanted every token of it`,
    );
}

/** The tokens of all files, each by its place among those that are distinct. */
async function numbered({ tokens: kind }: TextSpec, parts: readonly Part[], bytes: number) {
  const numbers = new Map<string, number>();
  const tokens = new Uint32Array(bytes);
  let length = 0;
  for (const { path, file } of parts) {
    const place = path === undefined ? field : `${field} (${path})`;
    for (const token of tokenize(await wholeFile(file), kind, place)) {
      const number = numbers.get(token) ?? numbers.size;
      numbers.set(token, number);
      tokens[length++] = number;
    }
  }
  return { tokens: tokens.subarray(0, length), distinct: [...numbers.keys()] };
}
