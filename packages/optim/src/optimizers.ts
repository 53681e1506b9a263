/** The optimizers that a job can name: a new one is a file and a line here. */
import { adam, adamw } from "./adam.ts";
import type { Optimizer } from "./optimizer.ts";
import { sgd } from "./sgd.ts";
import type { OptimizerName, OptimizerSpec, SpecOf } from "./spec.ts";

const optimizers: { readonly [Name in OptimizerName]: (spec: SpecOf<Name>) => Optimizer } = {
  sgd,
  adam,
  adamw,
};

/** The optimizer of a validated job spec. */
export function createOptimizer(spec: OptimizerSpec): Optimizer {
  return make(spec.type, spec);
}

/** Generic in the name, which ties the table's entry to the spec that it takes. */
function make<Name extends OptimizerName>(name: Name, spec: SpecOf<Name>): Optimizer {
  return optimizers[name](spec);
}
