/** What a budget of memory has models do, told: loads when they are asked for, and who gave way. */
import { errorMessage } from "@amaas/errors";
import type { Telemetry } from "@amaas/telemetry";
import type { Budget, EvictionReason } from "./budget.ts";
import type { Wanted } from "./model-version.ts";
import type { Occasion } from "./residence.ts";

export function residenceEvents({ log, metrics }: Pick<Telemetry, "log" | "metrics">) {
  const loads = metrics.counter(
    "amaas_inference_residence_loads_total",
    "Loads into the budget of memory by occasion: demand (a request waits), ahead (there is room) or order (a new version, or a load asked for), and by outcome",
    ["occasion", "outcome"],
  );
  const seconds = metrics.histogram(
    "amaas_inference_residence_load_seconds",
    "Time from being asked for to being loaded, with the wait for room",
    { labels: ["occasion"] },
  );
  const evictions = metrics.counter(
    "amaas_inference_evictions_total",
    "Models unloaded by reason: room (for another one) or overrun (more was taken than was thought)",
    ["reason"],
  );
  const namesOf = ({ model, version, digest }: Wanted) => ({ model, version, digest });

  return {
    brought(wanted: Wanted, occasion: Occasion, ms: number): void {
      loads.add(1, { occasion, outcome: "loaded" });
      seconds.observe(ms / 1000, { occasion });
      log.debug("version is in memory", { ...namesOf(wanted), occasion, ms: Math.round(ms) });
    },

    notBrought(wanted: Wanted, occasion: Occasion, error: unknown): void {
      loads.add(1, { occasion, outcome: "failed" });
      log.warn("version cannot be brought into memory", {
        ...namesOf(wanted),
        occasion,
        error: errorMessage(error),
      });
    },

    evicted(wanted: Wanted, reason: EvictionReason): void {
      evictions.add(1, { reason });
      log.debug("version made room", { ...namesOf(wanted), reason });
    },

    /** Told once, at the start. */
    budgetSet(budget: Budget): void {
      const bytes = (name: string, help: string, value: () => number) =>
        metrics.read({
          name,
          help,
          type: "gauge",
          read: () => [{ labels: {}, value: value() }],
        });
      bytes(
        "amaas_inference_memory_budget_bytes",
        "What loaded models may take",
        () => budget.bytes,
      );
      bytes(
        "amaas_inference_memory_used_bytes",
        "What loaded models take, those included that come or go",
        () => budget.used,
      );
      metrics.read({
        name: "amaas_inference_models_in_memory",
        help: "Versions that are loaded; the others that are served are loaded when they are asked for",
        type: "gauge",
        read: () => [{ labels: {}, value: budget.residents }],
      });
    },
  };
}
