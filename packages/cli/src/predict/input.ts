/**
 * What a file of inputs holds, whatever its format: rows of named columns, rows of numbers, or
 * tensors as the Open Inference Protocol writes them.
 */
import type { Tensor } from "@amaas/tensor";

export type Row = Readonly<Record<string, unknown>>;

export type PredictInput =
  /** Raw columns, as a model of a table takes them. */
  | { readonly kind: "records"; readonly rows: readonly Row[] }
  /** One array for a model with one input; the first dimension is the rows. */
  | {
      readonly kind: "array";
      readonly shape: readonly number[];
      readonly values: ArrayLike<number | bigint>;
    }
  /** Sent as they are. */
  | { readonly kind: "tensors"; readonly tensors: Readonly<Record<string, Tensor>> };
