/** What a loss is handed, and what it makes: one number for each sample, which training lowers. */
import type { GraphBuilder, Value } from "@amaas/graph";

export interface ClassBatch {
  /** Scores of the classes, FP32 [batch, classes]. */
  readonly scores: Value;
  /** The right class, INT32 [batch, 1]. */
  readonly labels: Value;
  /** By class, FP32 [classes], where classes have weights. */
  readonly weights: Value | undefined;
  /** The value as a constant: gradients end here. */
  readonly detach: (value: Value) => Value;
}

/** FP32 [batch, 1] out of a batch and the loss as the spec has it. */
export type ClassLoss<Spec> = (g: GraphBuilder, batch: ClassBatch, spec: Spec) => Value;

/** FP32 [batch, 1] out of label less prediction, both standardised. */
export type ErrorLoss<Spec> = (g: GraphBuilder, error: Value, spec: Spec) => Value;
