/**
 * A data set as the trainer sees it: inputs by row number, and labels.
 */
import type { DataType, Tensor } from "@amaas/tensor";
import type { RowKeys } from "./row-keys.ts";

export interface InputSpec {
  readonly name: string;
  readonly datatype: DataType;
  /** -1 stands for the rows. */
  readonly shape: readonly number[];
}

export interface ClassLabels {
  readonly kind: "class";
  /** Sorted; either all numbers or all text. */
  readonly classes: readonly (string | number)[];
  /** The index into `classes`, by row. */
  readonly values: Int32Array;
}

export interface ValueLabels {
  readonly kind: "value";
  readonly values: Float32Array;
}

/** Of a task whose samples are their own labels. */
export interface NoLabels {
  readonly kind: "none";
}

export type Labels = ClassLabels | ValueLabels | NoLabels;

export interface Dataset {
  /** What the inputs were read from; integers of arrays are measurements that nobody has scaled. */
  readonly source: "columns" | "floats" | "integers" | "tokens" | "text";
  readonly rows: number;
  /** Rows that were left out because they do not fit. */
  readonly skippedRows: number;
  readonly inputs: readonly InputSpec[];
  /** How one sample is to be seen, where it is more than a list of numbers. */
  readonly shape?: readonly number[];
  /** Of tokens: how many ids there are; of a text at most. */
  readonly vocabulary?: number;
  /** Of a text: the tokens that are told apart, in the order of their ids, where they are not those that it has most often. */
  readonly known?: readonly string[];
  /** Of tokens: the id that is 0 in an ONNX file; those before it are none of the file's. */
  readonly firstOfFile?: number;
  /** Of images: who decoded them, which decides the last bits of their pixels. */
  readonly decoder?: string;
  readonly labels: Labels;
  /** What a split by group or time goes by. */
  readonly keys?: RowKeys;
  /** The given rows of every input, in the given order. A number is NaN, a text "" where it is missing. */
  tensors(rows: Uint32Array): Record<string, Tensor>;
}
