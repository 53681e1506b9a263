/**
 * What the inference service tells of itself: for each event its log line, its metrics and its span
 * event. Metrics have Triton's names where Triton has one.
 */
import { errorMessage, isDomainError } from "@amaas/errors";
import {
  type LogLevels,
  type Reading,
  type Span,
  SparingLog,
  type Telemetry,
} from "@amaas/telemetry";
import { type Member, recordExecution } from "./execution-spans.ts";
import { showMachine } from "./machine-metrics.ts";
import type { Wanted } from "./model-version.ts";
import { residenceEvents } from "./residence-events.ts";
import { Statistics } from "./statistics.ts";
import { showStatistics } from "./statistics-metrics.ts";
import type { TraceChange } from "./trace-settings.ts";
import type { Answer, Execution, VersionStatistics } from "./version-statistics.ts";

export type Events = ReturnType<typeof createEvents>;

export function createEvents(telemetry: Telemetry) {
  return {
    ...lifecycleEvents(telemetry),
    ...requestEvents(telemetry),
    ...settingEvents(telemetry),
    ...residenceEvents(telemetry),
  };
}

function lifecycleEvents({ log, metrics, tracer }: Telemetry) {
  const loads = metrics.counter(
    "amaas_inference_loads_total",
    "Attempts to load a version by outcome",
    ["model", "outcome"],
  );
  /** By model. */
  const answering = new Map<string, Reading>();
  metrics.read({
    name: "amaas_inference_serving_version",
    help: "The version that answers for a model; 0 where none does",
    type: "gauge",
    read: () => answering.values(),
  });
  const reads = metrics.counter(
    "amaas_inference_source_reads_total",
    "Readings of what should be served, by where it is written and by outcome",
    ["source", "outcome"],
  );
  const namesOf = ({ model, version, digest }: Wanted) => ({ model, version, digest });
  let reachable = true;

  return {
    sourceRead(source: string): void {
      reads.add(1, { source, outcome: "ok" });
      if (!reachable) log.info(`the ${source} can be read again`);
      reachable = true;
    },

    /** Logged once until it can be read again: that is tried every few seconds. */
    sourceUnreachable(source: string, error: unknown): void {
      reads.add(1, { source, outcome: "failed" });
      if (reachable)
        log.warn(`the ${source} cannot be read; what is served stays`, {
          error: errorMessage(error),
        });
      reachable = false;
    },

    /** What it should serve cannot be made out; what it serves stays. */
    modelUnclear(model: string, problem: string): void {
      log.warn("model cannot be served as it is written down", { model, problem });
    },

    /** The version that answers requests that name none. */
    answers(model: string, version: number | undefined): void {
      answering.set(model, { labels: { model }, value: version ?? 0 });
    },

    versionLoaded(span: Span, wanted: Wanted, ms: number): void {
      const { model, version } = wanted;
      loads.add(1, { model, outcome: "loaded" });
      span.event("version.loaded", { "amaas.model": model, "amaas.version": version });
      log.info("version loaded", { ...namesOf(wanted), ms: Math.round(ms) });
    },

    /** Ends the way of a version in the trace that brought it here, whoever it was that asked. */
    firstPrediction({ traceparent: parent, ...wanted }: Wanted, first: Answer): void {
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

    /** It is served all the same, one request at a time. */
    rowsNotTogether(wanted: Wanted, reason: string): void {
      log.info("requests of this version are not batched", { ...namesOf(wanted), reason });
    },

    /** The span of the load fails with the same error. */
    loadFailed(
      wanted: Wanted,
      error: unknown,
      retryMs: number | undefined,
      served: number | undefined,
    ): void {
      loads.add(1, { model: wanted.model, outcome: "failed" });
      log.warn("version failed to load", {
        ...namesOf(wanted),
        error: errorMessage(error),
        ...(retryMs === undefined ? {} : { retryMs: Math.round(retryMs) }),
        stillServed: served ?? "none",
      });
    },

    outOfService(wanted: Wanted, why: unknown): void {
      loads.add(1, { model: wanted.model, outcome: "quarantined" });
      log.error("version is out of service", { ...namesOf(wanted), error: errorMessage(why) });
    },

    modelRemoved(model: string): void {
      answering.delete(model);
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

function settingEvents({ log }: Telemetry) {
  return {
    /** At a level that tells even of its own silencing where it can. */
    logSettingsChanged(levels: LogLevels): void {
      log.warn("log settings changed", { levels: { ...levels } });
    },

    /** Of all models where none is named. */
    traceSettingsChanged(model: string, change: TraceChange): void {
      log.info("trace settings changed", { model, change });
    },
  };
}

function requestEvents({ log, metrics, tracer }: Telemetry) {
  const statistics = new Statistics();
  showStatistics(metrics, statistics);
  showMachine(metrics);
  const refused = metrics.counter(
    "amaas_inference_refused_total",
    "Requests for a model or version that is not served here, by code",
    ["code"],
  );

  const faults = new SparingLog(log);

  return {
    /** Of everything that is served; who loads a version opens its own. */
    statistics,

    /** A fault of ours that a caller on a stream is told nothing of; calls of their own log theirs. */
    inferBroke(error: unknown): void {
      faults.error("", "inference failed", () => ({ error }));
    },

    /** No version to count it for: models that do not exist must not become labels. */
    inferRefused(error: unknown): void {
      refused.add(1, { code: isDomainError(error) ? error.code : "unknown" });
    },

    /** Once for every run, before any of its requests is told of. */
    executed(of: VersionStatistics, execution: Execution, members: readonly Member[]): void {
      of.executed(execution);
      recordExecution(tracer, of, execution, members);
    },

    inferred(of: VersionStatistics, answer: Answer): void {
      of.answered(answer);
    },

    inferFailed(of: VersionStatistics, error: unknown, totalMs: number, traceparent: string): void {
      of.failed(isDomainError(error) ? error.code : "unknown", totalMs, traceparent);
    },
  };
}
