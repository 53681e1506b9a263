export { buildNetwork } from "./architectures/index.ts";
export type { Initialization, Network, NetworkSize, Parameter } from "./network.ts";
export type { LabelScale } from "./objectives/objective.ts";
export { initialValues, layout, type Placement } from "./parameters.ts";
export { type ClassName, type ServingOptions, servingGraph } from "./serving.ts";
export { type BatchOptions, evaluationGraph, trainingGraph } from "./training.ts";
