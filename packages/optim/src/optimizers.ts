/** The optimizers that a job can name: a new one is a file and a line here. */
import type { AveragingSpec } from "@amaas/spec";
import { adagrad } from "./adagrad.ts";
import { adam } from "./adam.ts";
import { adamax } from "./adamax.ts";
import { averaged } from "./averaged.ts";
import { compiled } from "./compiled.ts";
import { conditioned } from "./conditioned.ts";
import { ftrl } from "./ftrl.ts";
import { lamb } from "./lamb.ts";
import type { LearningRate } from "./learning-rate.ts";
import { lion } from "./lion.ts";
import { nadam } from "./nadam.ts";
import type { Optimizer } from "./optimizer.ts";
import { rmsprop } from "./rmsprop.ts";
import type { Rule } from "./rule.ts";
import { sgd } from "./sgd.ts";
import type { OptimizerName, OptimizerSpec, SpecOf } from "./spec.ts";

const optimizers: {
  readonly [Name in OptimizerName]: (spec: SpecOf<Name>, rate: LearningRate) => Rule;
} = {
  sgd,
  adagrad,
  rmsprop,
  adam,
  adamw: adam,
  adamax,
  nadam,
  lamb,
  lion,
  ftrl,
};

/**
 * The optimizer of a validated job spec; at its own learning rate where no other is given, and with no
 * mean of the weights unless one is asked for.
 */
export function createOptimizer(
  spec: OptimizerSpec,
  rate?: LearningRate,
  averaging?: AveragingSpec,
): Optimizer {
  return compiled(ruleOf(spec, rate, averaging));
}

/** What the optimizer does, in formulas. */
export function ruleOf(
  spec: OptimizerSpec,
  rate: LearningRate = () => spec.learningRate,
  averaging?: AveragingSpec,
): Rule {
  // The penalties of ftrl are no part of its gradient.
  const before = spec.type === "ftrl" ? { ...spec, l1: 0 } : spec;
  return averaged(conditioned(make(spec.type, spec, rate), before), averaging);
}

/** Generic in the name, which ties the table's entry to the spec that it takes. */
function make<Name extends OptimizerName>(
  name: Name,
  spec: SpecOf<Name>,
  rate: LearningRate,
): Rule {
  return optimizers[name](spec, rate);
}
