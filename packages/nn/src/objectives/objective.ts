/** What a task wants of a network: the type of its labels, its loss, and what else is measured. */
import type { GraphBuilder, Value } from "@amaas/graph";
import type { Measures } from "@amaas/metrics";
import type { LossSpecs, Task } from "@amaas/spec";

export interface Objective<T extends Task> {
  /** The type of labels that come with samples; none where a sample is its own. */
  readonly labels: LabelType | undefined;
  /** How a sample is its own label, where it is. */
  readonly own?: OwnLabels;
  /** FP32 [batch, 1]: what training lowers, of each sample. */
  readonly loss: (g: GraphBuilder, batch: BatchValues, options: LossOptions<LossSpecs[T]>) => Value;
  /**
   * What a sample adds to the other sums of `sumsOf(measures)`, by name: FP32 [batch, length]. Those
   * that count classes are not among them.
   */
  readonly columns: (
    g: GraphBuilder,
    batch: BatchValues,
    measures: Measures & { readonly task: T },
    options: MeasureOptions<LossSpecs[T]>,
  ) => Readonly<Record<string, Value>>;
  /** The sums that count classes, where the task has them, by name: FP32 [length]. */
  readonly counts?: (
    g: GraphBuilder,
    batch: MaskedBatch,
    measures: Measures & { readonly task: T },
  ) => Readonly<Record<string, Value>>;
}

export type LabelType = "INT32" | "FP32";

export interface OwnLabels {
  /** Values of a sample that the network does not see. */
  readonly unseen: number;
  /** What of a sample the network sees, and what it should make of it. */
  readonly divide: (g: GraphBuilder, features: Value) => Divided;
}

export interface Divided {
  readonly seen: Value;
  readonly labels: Value;
}

export interface BatchValues {
  /** FP32 [batch, outputs]; of tokens [batch, time, vocabulary]. */
  readonly outputs: Value;
  /** [batch, 1]; where a sample is its own label [batch, values] or [batch, time]. */
  readonly labels: Value;
  /** FP32 [batch, 1]: 1 for a sample, 0 for padding; absent where there is none. */
  readonly mask?: Value;
}

export interface MaskedBatch extends BatchValues {
  readonly mask: Value;
}

/** Over the samples: FP32 [batch, n] to [n]. */
export function maskedSum(g: GraphBuilder, columns: Value, mask: Value): Value {
  return g.reduceSum(g.mul(columns, mask), [0], { keepdims: false });
}

export interface MeasureOptions<L> {
  readonly loss: L;
  readonly labelScale: LabelScale;
}

export interface LossOptions<L> {
  readonly loss: L;
  /** By class, where classes have weights. */
  readonly classWeights: readonly number[] | undefined;
  /** The value as a constant: gradients end here. */
  readonly detach: (value: Value) => Value;
}

/** label = standardised label * deviation + mean */
export interface LabelScale {
  readonly mean: number;
  readonly deviation: number;
}

export const unscaled: LabelScale = { mean: 0, deviation: 1 };
