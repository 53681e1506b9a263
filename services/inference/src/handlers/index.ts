/** The inference service: a handler for every method, or this does not compile. */
import { GRPCInferenceServiceDefinition } from "@amaas/proto/inference/grpc_service";
import { OpenRcaServiceDefinition } from "@amaas/proto/xds/service/orca/v3/orca";
import { type Handlers, type Implementation, implement } from "@amaas/rpc";
import type { Inference } from "../inference.ts";
import type { LoadReports } from "../load-reports.ts";
import { logSettings } from "./log-settings.ts";
import { modelConfig } from "./model-config.ts";
import { modelInfer } from "./model-infer.ts";
import { modelMetadata } from "./model-metadata.ts";
import { modelReady } from "./model-ready.ts";
import { modelStatistics } from "./model-statistics.ts";
import { modelStreamInfer } from "./model-stream-infer.ts";
import { repositoryIndex } from "./repository-index.ts";
import { repositoryModelLoad } from "./repository-model-load.ts";
import { repositoryModelUnload } from "./repository-model-unload.ts";
import { serverLive } from "./server-live.ts";
import { serverMetadata } from "./server-metadata.ts";
import { serverReady } from "./server-ready.ts";
import { sharedMemory } from "./shared-memory.ts";
import { streamCoreMetrics } from "./stream-core-metrics.ts";
import { traceSetting } from "./trace-setting.ts";
import { withLoadReport } from "./with-load-report.ts";

export type InferenceHandlers = Handlers<GRPCInferenceServiceDefinition>;

/** For every protocol the same. */
export function handlers(inference: Inference): InferenceHandlers {
  return {
    serverLive: serverLive(),
    serverReady: serverReady(inference),
    serverMetadata: serverMetadata(inference),
    modelReady: modelReady(inference),
    modelMetadata: modelMetadata(inference),
    modelInfer: modelInfer(inference),
    modelStreamInfer: modelStreamInfer(inference),
    modelConfig: modelConfig(inference),
    modelStatistics: modelStatistics(inference),
    repositoryIndex: repositoryIndex(inference),
    repositoryModelLoad: repositoryModelLoad(inference),
    repositoryModelUnload: repositoryModelUnload(inference),
    traceSetting: traceSetting(inference),
    logSettings: logSettings(inference),
    ...sharedMemory(),
  };
}

/** The calls with load reports, and the service that tells the same beside them. */
export function grpc(handlers: InferenceHandlers, reports: LoadReports): Implementation[] {
  const { modelInfer } = handlers;
  return [
    implement(GRPCInferenceServiceDefinition, {
      ...handlers,
      modelInfer: withLoadReport(modelInfer, reports),
    }),
    implement(OpenRcaServiceDefinition, { streamCoreMetrics: streamCoreMetrics(reports) }),
  ];
}
