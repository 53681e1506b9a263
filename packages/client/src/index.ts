export type { EvaluationRecord } from "@amaas/evaluation";
export type { Alias, Model, Version } from "@amaas/proto/amaas/registry/v1/registry";
export type { Evaluation, Job, Outcome, Progress } from "@amaas/proto/amaas/scheduler/v1/jobs";
export type { ModelStatistics } from "@amaas/proto/inference/grpc_service";
export type { Blobs, TransferOptions, Uploaded } from "./blobs.ts";
export { type Amaas, type ClientOptions, createClient } from "./client.ts";
export { findData } from "./data-files.ts";
export type { ModelMetadata, Prediction, PredictOptions, TensorMetadata } from "./inference.ts";
export { hasEnded, type JobStateName, jobStateName } from "./job-state.ts";
export type {
  JobLogLine,
  Jobs,
  JobUpdate,
  Resumed,
  StepSeries,
  SubmitOptions,
  WatchOptions,
} from "./jobs.ts";
export type { ModelDetails, Models, PromoteOptions } from "./models.ts";
