/**
 * The platform as one object: jobs, models, blobs and predictions. Connections are made when first
 * used, so a caller of one service needs no other.
 */
import { BlobsDefinition } from "@amaas/proto/amaas/registry/v1/blobs";
import { RegistryDefinition } from "@amaas/proto/amaas/registry/v1/registry";
import { JobsDefinition } from "@amaas/proto/amaas/scheduler/v1/jobs";
import {
  GRPCInferenceServiceDefinition,
  type ModelStatistics,
} from "@amaas/proto/inference/grpc_service";
import { createClient as createRpcClient } from "@amaas/rpc";
import { nullTelemetry, type Telemetry } from "@amaas/telemetry";
import type { Tensor } from "@amaas/tensor";
import { type Blobs, blobsOf } from "./blobs.ts";
import {
  infer,
  type ModelMetadata,
  modelMetadata,
  type Prediction,
  type PredictOptions,
  waitServed,
} from "./inference.ts";
import { type Jobs, jobsOf } from "./jobs.ts";
import { type Models, modelsOf } from "./models.ts";

export interface ClientOptions {
  /** host:port of each service. */
  readonly scheduler: string;
  readonly registry: string;
  readonly inference: string;
  readonly telemetry?: Telemetry;
}

export interface Amaas {
  readonly jobs: Jobs;
  readonly models: Models;
  readonly blobs: Blobs;
  predict(
    model: string,
    inputs: Readonly<Record<string, Tensor>>,
    options?: PredictOptions,
  ): Promise<Readonly<Record<string, Tensor>>>;
  /** `predict` that also says which version answered. */
  infer(
    model: string,
    inputs: Readonly<Record<string, Tensor>>,
    options?: PredictOptions,
  ): Promise<Prediction>;
  modelMetadata(name: string, version?: number): Promise<ModelMetadata>;
  /** What has happened to the models of the inference service; it is asked once. */
  statistics(options?: { signal?: AbortSignal; deadlineMs?: number }): Promise<ModelStatistics[]>;
  /** Resolves once the inference service answers with this version. */
  waitServed(model: string, version: number, options?: { signal?: AbortSignal }): Promise<void>;
  close(): void;
}

export function createClient(options: ClientOptions): Amaas {
  const telemetry = options.telemetry ?? nullTelemetry();
  const jobs = createRpcClient(JobsDefinition, options.scheduler, { telemetry });
  const registry = createRpcClient(RegistryDefinition, options.registry, { telemetry });
  const blobs = createRpcClient(BlobsDefinition, options.registry, { telemetry });
  const inference = createRpcClient(GRPCInferenceServiceDefinition, options.inference, {
    telemetry,
  });
  const transfers = blobsOf(blobs);
  return {
    jobs: jobsOf(jobs, transfers),
    models: modelsOf(registry, transfers),
    blobs: transfers,
    predict: async (model, inputs, call) => (await infer(inference, model, inputs, call)).outputs,
    infer: (model, inputs, call) => infer(inference, model, inputs, call),
    modelMetadata: (name, version) => modelMetadata(inference, name, version),
    statistics: async (call) =>
      (await inference.modelStatistics({}, { ...call, retry: false })).modelStats,
    waitServed: (model, version, call) => waitServed(inference, model, version, call),
    close() {
      for (const client of [jobs, registry, blobs, inference]) client.close();
    },
  };
}
