export type { Optimizer, ParameterRange, Scalars } from "./optimizer.ts";
export { createOptimizer } from "./optimizers.ts";
export type { OptimizerName, OptimizerSpec } from "./spec.ts";
