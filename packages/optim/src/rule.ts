/**
 * What an optimizer does to each parameter, in formulas (`kernel/formula.ts`) on `w`, `gradient`, the slots by
 * their names, and numbers that are the same for all parameters. Before the first of them, `g` is the mean
 * gradient, conditioned as the job wants it.
 */
import type { Numbers } from "./kernel/kernel.ts";
import type { Scalars, TensorSquares } from "./optimizer.ts";

export interface Phase {
  readonly formulas: readonly string[];
  /** What the names in the formulas stand for in a step, vectors apart. */
  numbers(scalars: Scalars, squares?: TensorSquares): Numbers;
}

export interface Rule {
  readonly slots: readonly string[];
  /** The last slot is a mean of the weights, and begins with them. */
  readonly averages?: true;
  scalars(): Scalars;
  advance(scalars: Scalars): Scalars;
  /** Only where `update` wants to know the lengths of tensors: leaves the direction in `gradient`. */
  readonly direct?: Phase;
  /** After `direct`, there is no `g`. */
  readonly update: Phase;
}

/** Scalars of rules that need no more than the step. */
export const steps: Pick<Rule, "scalars" | "advance"> = {
  scalars: () => ({ step: 0, powers: [] }),
  advance: ({ step }) => ({ step: step + 1, powers: [] }),
};
