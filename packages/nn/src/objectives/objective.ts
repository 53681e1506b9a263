/** What a task wants of a network: the type of its labels, its loss, and what else is measured. */
import type { GraphBuilder, Value } from "@amaas/graph";

export interface Objective {
  readonly labels: "INT32" | "FP32";
  /** Columns [batch, 1] by name, one number for each sample; `loss` is what training lowers. */
  readonly measure: (
    g: GraphBuilder,
    batch: BatchValues,
    options: ObjectiveOptions,
  ) => Readonly<Record<string, Value>>;
}

export interface BatchValues {
  /** FP32 [batch, outputs] */
  readonly outputs: Value;
  /** [batch, 1] */
  readonly labels: Value;
}

export interface ObjectiveOptions {
  readonly labelScale: LabelScale;
  /** The value as a constant: gradients end here. */
  readonly detach: (value: Value) => Value;
}

/** label = standardised label * deviation + mean */
export interface LabelScale {
  readonly mean: number;
  readonly deviation: number;
}

export const unscaled: LabelScale = { mean: 0, deviation: 1 };
