/** Small GPTs, as `python/language_files.py` has them from PyTorch. */
import { join } from "node:path";
import { type ArrayRef, type BlobRef, readPacked } from "../gradients/packed.ts";

/**
 * One that is written out, and one of the operator Attention, for any number of rows and tokens; and one of Hugging Face,
 * with a mask and positions.
 */
export type LanguageFile = "written" | "attention" | "huggingFace";

export const { header, array, blob } = readPacked<{
  readonly context: number;
  /** By their ids. */
  readonly tokens: readonly string[];
  readonly files: { readonly [F in LanguageFile]: BlobRef };
  /** Rows of one token more than the network sees, and what it makes of all but the last. */
  readonly shown: ArrayRef;
  readonly scores: { readonly [F in LanguageFile]: ArrayRef };
  readonly curve: {
    readonly optimizer: object;
    readonly batch: number;
    readonly rows: ArrayRef;
    readonly losses: ArrayRef;
  };
}>(join(import.meta.dirname, "fixtures/language-files.bin.br"));

export function languageFile(name: LanguageFile): Uint8Array {
  return blob(header.files[name]);
}
