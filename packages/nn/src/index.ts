export { buildNetwork } from "./architectures/index.ts";
export { classWeights } from "./class-weights.ts";
export { freeze } from "./freezing.ts";
export { type ServedLanguageModel, servedLanguageModel } from "./imported/served.ts";
export { infoNce, klDivergence, tripletMargin } from "./losses/contrastive.ts";
export type { Initialization, Network, NetworkSize, Parameter } from "./network.ts";
export { type Aim, networkSize, type Samples } from "./network-size.ts";
export { labelType } from "./objectives/index.ts";
export type { LabelScale } from "./objectives/objective.ts";
export { initialValues, layout, type Placement } from "./parameters.ts";
export { outputGraph, rowGraph } from "./scoring.ts";
export { type ClassName, type ServingOptions, servingGraph } from "./serving.ts";
export {
  type EvaluationOptions,
  evaluationGraph,
  randomKey,
  type TrainingOptions,
  trainingGraph,
} from "./training.ts";
export { type WarmStart, warmStart } from "./warm-start.ts";
