export type {
  Activation,
  ArchitectureSpec,
  AutoencoderSpec,
  CnnSpec,
  ConvolutionBlock,
  GptSpec,
  InitializerSpec,
  LinearSpec,
  MlpSpec,
  Normalization,
  RecurrentSpec,
  ResnetSpec,
  TransformerSpec,
  UnetSpec,
  WideDeepSpec,
} from "./architecture-spec.ts";
export { childField } from "./document.ts";
export {
  digestIn,
  type FileField,
  fileRefs,
  filesOf,
  isDigest,
  isFilesDigest,
  type ManifestFile,
  requireDigests,
  withFileRefs,
  writeManifest,
} from "./file-refs.ts";
export {
  type ArraysSpec,
  type ColumnType,
  type DataSpec,
  type EarlyStoppingSpec,
  type EvaluationSpec,
  type FileRef,
  type GateSpec,
  isGuided,
  type JobSpec,
  microBatch,
  type RecordsSpec,
  type ResourcesSpec,
  type SplitSpec,
  type Task,
  type TrainingSpec,
} from "./job-spec.ts";
export {
  type ClassificationLossSpec,
  type ClassWeights,
  type CrossEntropySpec,
  type ErrorLossSpec,
  type FocalSpec,
  type HingeSpec,
  type HuberSpec,
  isLossOf,
  type LanguageLossSpec,
  type LossSpec,
  type LossSpecs,
  type QuantileSpec,
  type ReconstructionLossSpec,
  type RegressionLossSpec,
} from "./loss-spec.ts";
export {
  isErrorMetric,
  type Metric,
  type MetricOf,
  mainMetrics,
  metricsOfTask,
} from "./metrics.ts";
export type {
  DecaySpec,
  GradientSpec,
  OptimizerSpec,
} from "./optimizer-spec.ts";
export { faultySpec, parseArchitecture, parseJobSpec } from "./parse.ts";
export type { ScheduleSpec, WarmupSpec } from "./schedule-spec.ts";
