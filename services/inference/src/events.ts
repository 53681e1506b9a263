/**
 * What the inference service tells of itself: for each event its log line, its metrics and its span
 * event. Metrics have Triton's names where Triton has one.
 */
import { errorMessage, isDomainError } from "@amaas/errors";
import { type Span, type Telemetry, traceIdOf } from "@amaas/telemetry";
import type { Wanted } from "./model-version.ts";

export type Events = ReturnType<typeof createEvents>;

/** The version that a request was for. */
export interface Target {
  readonly model: string;
  readonly version: string;
}

export interface Inferred extends Target {
  readonly rows: number;
  readonly queuedMs: number;
  readonly ranMs: number;
  readonly totalMs: number;
  readonly traceparent: string;
}

export function createEvents(telemetry: Telemetry) {
  return { ...lifecycleEvents(telemetry), ...requestEvents(telemetry) };
}

function lifecycleEvents({ log, metrics, tracer }: Telemetry) {
  const loads = metrics.counter(
    "amaas_inference_loads_total",
    "Attempts to load a version by outcome",
    ["model", "outcome"],
  );
  const serving = metrics.gauge(
    "amaas_inference_serving_version",
    "The version that answers for a model; 0 where none does",
    ["model"],
  );
  const reads = metrics.counter(
    "amaas_inference_registry_reads_total",
    "Readings of the registry's aliases by outcome",
    ["outcome"],
  );
  const namesOf = ({ model, version, digest }: Wanted) => ({ model, version, digest });
  let reachable = true;

  return {
    registryRead(): void {
      reads.add(1, { outcome: "ok" });
      if (!reachable) log.info("the registry answers again");
      reachable = true;
    },

    /** Logged once until it answers again: it is asked every few seconds. */
    registryUnreachable(error: unknown): void {
      reads.add(1, { outcome: "failed" });
      if (reachable)
        log.warn("the registry cannot be read; what is served stays", {
          error: errorMessage(error),
        });
      reachable = false;
    },

    versionLoaded(span: Span, wanted: Wanted, ms: number): void {
      const { model, version } = wanted;
      loads.add(1, { model, outcome: "loaded" });
      serving.set(version, { model });
      span.event("version.loaded", { "amaas.model": model, "amaas.version": version });
      log.info("version loaded", { ...namesOf(wanted), ms: Math.round(ms) });
    },

    /** Ends the way of a version in the trace that brought it here, whoever it was that asked. */
    firstPrediction({ traceparent: parent, ...wanted }: Wanted, first: Inferred): void {
      const end = Date.now();
      tracer.record(tracer.reserve(parent), {
        name: "inference.first_prediction",
        parent,
        start: end - first.totalMs,
        end,
        links: [first.traceparent],
        attributes: { "amaas.model": wanted.model, "amaas.version": wanted.version },
      });
    },

    versionSuperseded(span: Span, wanted: Wanted): void {
      loads.add(1, { model: wanted.model, outcome: "superseded" });
      span.event("version.superseded");
      log.info("version loaded, but another one is wanted by now", namesOf(wanted));
    },

    /** The span of the load fails with the same error. */
    loadFailed(wanted: Wanted, error: unknown, retryMs: number, served: number | undefined): void {
      loads.add(1, { model: wanted.model, outcome: "failed" });
      log.warn("version failed to load", {
        ...namesOf(wanted),
        error: errorMessage(error),
        retryMs: Math.round(retryMs),
        stillServed: served ?? "none",
      });
    },

    modelRemoved(model: string): void {
      serving.set(0, { model });
      log.info("model is served no longer", { model });
    },

    versionClosed(wanted: Wanted): void {
      log.info("version closed", namesOf(wanted));
    },

    closeFailed(wanted: Wanted, error: unknown): void {
      log.error("version could not be closed", { ...namesOf(wanted), error });
    },

    /** Only a hint is lost. */
    announcementLost(wanted: Wanted, error: unknown): void {
      log.debug("nobody was told of the version", {
        ...namesOf(wanted),
        error: errorMessage(error),
      });
    },
  };
}

function requestEvents({ metrics }: Telemetry) {
  const labels = ["model", "version"];
  const counter = (name: string, help: string) => metrics.counter(name, help, labels);
  const success = counter("nv_inference_request_success", "Requests that were answered");
  const failure = metrics.counter(
    "nv_inference_request_failure",
    "Requests that failed, by reason: REJECTED, CANCELED, BACKEND or OTHER",
    [...labels, "reason"],
  );
  const inferences = counter("nv_inference_count", "Inferences: rows of all requests");
  const executions = counter("nv_inference_exec_count", "Runs of the model");
  const requestUs = counter("nv_inference_request_duration_us", "Time of requests, end to end");
  const queueUs = counter(
    "nv_inference_queue_duration_us",
    "Time that requests waited for a thread",
  );
  const computeUs = counter("nv_inference_compute_infer_duration_us", "Time in the model's runs");
  const pending = metrics.gauge(
    "nv_inference_pending_request_count",
    "Requests that wait for a thread",
    labels,
  );
  const refused = metrics.counter(
    "amaas_inference_refused_total",
    "Requests for a model or version that is not served here, by code",
    ["code"],
  );
  const seconds = metrics.histogram(
    "amaas_inference_request_seconds",
    "Time of requests in the service",
    {
      labels: [...labels, "outcome"],
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    },
  );
  const waiting = new Map<string, number>();
  const countWaiting = (target: Target, change: number) => {
    const key = `${target.model}@${target.version}`;
    const count = (waiting.get(key) ?? 0) + change;
    waiting.set(key, count);
    pending.set(count, { model: target.model, version: target.version });
  };

  return {
    /** No version to count it for: models that do not exist must not become labels. */
    inferRefused(error: unknown): void {
      refused.add(1, { code: isDomainError(error) ? error.code : "unknown" });
    },

    /** A request waits until the function that is returned is called, once or more often. */
    inferWaits(target: Target): () => void {
      countWaiting(target, 1);
      let waits = true;
      return () => {
        if (waits) countWaiting(target, -1);
        waits = false;
      };
    },

    inferred({ model, version, rows, queuedMs, ranMs, totalMs, traceparent }: Inferred): void {
      const on = { model, version };
      success.add(1, on);
      inferences.add(rows, on);
      executions.add(1, on);
      requestUs.add(totalMs * 1000, on);
      queueUs.add(queuedMs * 1000, on);
      computeUs.add(ranMs * 1000, on);
      seconds.observe(totalMs / 1000, { ...on, outcome: "success" }, traceIdOf(traceparent));
    },

    inferFailed(target: Target, error: unknown, totalMs: number, traceparent: string): void {
      const on = { model: target.model, version: target.version };
      failure.add(1, { ...on, reason: failureReason(error) });
      seconds.observe(totalMs / 1000, { ...on, outcome: "failure" }, traceIdOf(traceparent));
    },
  };
}

/** Triton's reasons. */
function failureReason(error: unknown): string {
  if (!isDomainError(error)) return "BACKEND";
  switch (error.code) {
    case "resource-exhausted":
      return "REJECTED";
    case "cancelled":
    case "deadline-exceeded":
      return "CANCELED";
    case "internal":
      return "BACKEND";
    default:
      return "OTHER";
  }
}
