export { clippedDivisor } from "./clip-norm.ts";
export type { VectorSums } from "./kernel/vector-sums.ts";
export { type LearningRate, learningRate, type TrainingLength } from "./learning-rate.ts";
export type {
  Optimizer,
  ParameterRange,
  ReservedRange,
  Scalars,
  TensorSquares,
} from "./optimizer.ts";
export { createOptimizer } from "./optimizers.ts";
export { afterEpoch, type Plateau, type PlateauSpec, plateauAtFirst } from "./plateau.ts";
export type { OptimizerName, OptimizerSpec } from "./spec.ts";
