/**
 * ModelStatistics: what has happened to a version since it was loaded, of one model or of all.
 *
 * `success` counts what the cache answered too, `inference_count` and the compute phases do not; a
 * request in a batch has the compute times of the whole batch. Runs of very many different sizes are
 * counted under batch size 0 from some hundreds of sizes on.
 */
import type {
  GRPCInferenceServiceDefinition,
  InferBatchStatistics,
  InferStatistics,
  MemoryUsage,
  ModelActivity,
  ModelStatistics,
  StatisticDuration,
} from "@amaas/proto/inference/grpc_service";
import type { Handlers } from "@amaas/rpc";
import { modelUnknown, versionUnknown } from "../errors.ts";
import type { Inference } from "../inference.ts";
import type { Statistics } from "../statistics.ts";
import type { BatchTally, Tally, VersionStatistics } from "../version-statistics.ts";

export function modelStatistics({
  events: { statistics },
}: Inference): Handlers<GRPCInferenceServiceDefinition>["modelStatistics"] {
  return async ({ name, version }) => ({
    modelStats: chosen(statistics, name, version).map(modelStats),
  });
}

function chosen(all: Statistics, model: string, version: string): VersionStatistics[] {
  if (model === "") return [...all];
  const versions = all.of(model);
  if (versions.length === 0) throw modelUnknown(model);
  if (version === "") return versions;
  const asked = versions.filter((each) => each.version === version);
  if (asked.length > 0) return asked;
  throw versionUnknown(
    model,
    version,
    versions.map((each) => each.version),
  );
}

function modelStats(of: VersionStatistics): ModelStatistics {
  return {
    name: of.model,
    version: of.version,
    lastInference: BigInt(of.lastInference),
    inferenceCount: BigInt(of.inferences),
    executionCount: BigInt(of.executions),
    inferenceStats: inferStats(of),
    batchStats: [...of.batches]
      .sort(([a], [b]) => a - b)
      .map(([rows, runs]) => batchStats(rows, runs)),
    memoryUsage: of.resources ? [memoryUsage(of.resources.memoryBytes)] : [],
    responseStats: {},
    activity: activity(of),
  };
}

function inferStats(of: VersionStatistics): InferStatistics {
  return {
    success: duration(of.success),
    fail: duration(of.fail),
    queue: duration(of.queue),
    computeInput: duration(of.computeInput),
    computeInfer: duration(of.computeInfer),
    computeOutput: duration(of.computeOutput),
    cacheHit: duration(of.cacheHit),
    cacheMiss: duration(of.cacheMiss),
  };
}

function batchStats(rows: number, runs: BatchTally): InferBatchStatistics {
  const { count, inputMs, inferMs, outputMs } = runs;
  return {
    batchSize: BigInt(rows),
    computeInput: duration({ count, ms: inputMs }),
    computeInfer: duration({ count, ms: inferMs }),
    computeOutput: duration({ count, ms: outputMs }),
  };
}

function memoryUsage(bytes: number): MemoryUsage {
  return { type: "CPU", id: 0n, byteSize: BigInt(Math.round(bytes)) };
}

function activity(of: VersionStatistics): ModelActivity {
  return {
    pending: BigInt(of.waiting),
    requestRate: of.pace.rate,
    headroom: of.headroom,
    targetP99Ms: of.resources?.targetP99Ms,
    quarantined: of.resources?.quarantined ?? false,
    requestSeconds: [...of.requestSeconds.bounds],
    requestCounts: Array.from(of.requestSeconds.counts, BigInt),
  };
}

function duration({ count, ms }: Pick<Tally, "count" | "ms">): StatisticDuration {
  return { count: BigInt(count), ns: BigInt(Math.round(ms * 1e6)) };
}
