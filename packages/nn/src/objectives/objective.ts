/** What a task wants of a network: the type of its labels, its loss, and what else is measured. */
import type { GraphBuilder, Value } from "@amaas/graph";
import type { Measures } from "@amaas/metrics";
import type { LossSpec } from "@amaas/spec";

export interface Objective<L extends LossSpec, M extends Measures> {
  readonly labels: "INT32" | "FP32";
  /** FP32 [batch, 1]: what training lowers, of each sample. */
  readonly loss: (g: GraphBuilder, batch: BatchValues, options: LossOptions<L>) => Value;
  /**
   * What a sample adds to the other sums of `sumsOf(measures)`, by name: FP32 [batch, length]. Those
   * that count classes are not among them.
   */
  readonly columns: (
    g: GraphBuilder,
    batch: BatchValues,
    measures: M,
    scale: LabelScale,
  ) => Readonly<Record<string, Value>>;
  /** The sums that count classes, where the task has them, by name: FP32 [length]. */
  readonly counts?: (
    g: GraphBuilder,
    batch: MaskedBatch,
    measures: M,
  ) => Readonly<Record<string, Value>>;
}

export interface BatchValues {
  /** FP32 [batch, outputs] */
  readonly outputs: Value;
  /** [batch, 1] */
  readonly labels: Value;
}

export interface MaskedBatch extends BatchValues {
  /** FP32 [batch, 1]: 1 for a sample, 0 for padding. */
  readonly mask: Value;
}

/** Over the samples: FP32 [batch, n] to [n]. */
export function maskedSum(g: GraphBuilder, columns: Value, mask: Value): Value {
  return g.reduceSum(g.mul(columns, mask), [0], { keepdims: false });
}

export interface LossOptions<L extends LossSpec> {
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
