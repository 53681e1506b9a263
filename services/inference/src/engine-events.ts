/** What the engine and examinations tell of models: the log line of each, and its metric. */
import type { Replacement } from "@amaas/engine";
import { errorMessage } from "@amaas/errors";
import type { Telemetry } from "@amaas/telemetry";
import type { Wanted } from "./model-version.ts";

export type EngineEvents = ReturnType<typeof createEngineEvents>;

export function createEngineEvents({ log, metrics }: Telemetry) {
  const examinations = metrics.counter(
    "amaas_inference_examinations_total",
    "Models examined before they were opened, by outcome: passed, known (from the cache) or refused",
    ["outcome"],
  );
  const losses = metrics.counter(
    "amaas_inference_instances_lost_total",
    "Instances that hung or crashed",
    ["model"],
  );
  const namesOf = ({ model, version, digest }: Wanted) => ({ model, version, digest });
  let cacheWorks = true;

  return {
    examined(outcome: "passed" | "known" | "refused"): void {
      examinations.add(1, { outcome });
    },

    rewritingLeftOut(wanted: Wanted, why: string): void {
      log.warn("onnxruntime's rewriting of the model is left out", { ...namesOf(wanted), why });
    },

    instanceLost(wanted: Wanted, { why, losses: count, retryMs }: Replacement): void {
      losses.add(1, { model: wanted.model });
      log.warn("an instance was lost and is opened again", {
        ...namesOf(wanted),
        error: why.message,
        losses: count,
        retryMs,
      });
    },

    /** Logged once: a disk that is full stays so for a while. */
    cacheTroubled(error: unknown): void {
      if (cacheWorks)
        log.warn("the cache of graphs cannot be used; models are examined at every start", {
          error: errorMessage(error),
        });
      cacheWorks = false;
    },
  };
}
