export { fileRefs, isDigest, requireDigests, withFileRefs } from "./file-refs.ts";
export {
  type Activation,
  type AdamSpec,
  type ArchitectureSpec,
  type ArraysSpec,
  type ColumnType,
  type DataSpec,
  type FileRef,
  type GateSpec,
  type JobSpec,
  type LinearSpec,
  type Metric,
  type MlpSpec,
  microBatch,
  type OptimizerSpec,
  type RecordsSpec,
  type ResourcesSpec,
  type SgdSpec,
  type SplitSpec,
  type Task,
  type TrainingSpec,
} from "./job-spec.ts";
export { parseJobSpec } from "./parse.ts";
