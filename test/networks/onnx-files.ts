/** A small CNN of five digits, as `python/onnx_files.py` has it from PyTorch. */
import { join } from "node:path";
import { type ArrayRef, type BlobRef, readPacked } from "../gradients/packed.ts";

export type Export = "training" | "folded" | "dynamo";

export const { header, array, blob } = readPacked<{
  readonly classes: number;
  readonly files: { readonly [E in Export]: BlobRef };
  /** Of the images shown. */
  readonly scores: ArrayRef;
  readonly shown: ArrayRef;
  readonly curve: {
    readonly optimizer: object;
    readonly batch: number;
    readonly images: ArrayRef;
    readonly labels: ArrayRef;
    readonly losses: ArrayRef;
  };
}>(join(import.meta.dirname, "fixtures/onnx-files.bin.br"));

export function fileOf(name: Export): Uint8Array {
  return blob(header.files[name]);
}
