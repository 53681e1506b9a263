/**
 * The metrics of what is served: a table of families, each read from the statistics when the page is
 * asked for. They have Triton's names where Triton has one, and the labels model and version.
 */
import type { Distribution, Family, Metrics, Reading, Spread } from "@amaas/telemetry";
import type { Statistics } from "./statistics.ts";
import { failureReasons, type VersionStatistics } from "./version-statistics.ts";

export function showStatistics(metrics: Metrics, statistics: Statistics): void {
  for (const family of families(statistics)) metrics.read(family);
}

function families(all: Statistics): Family[] {
  const each = (value: (of: VersionStatistics) => number): (() => Iterable<Reading>) =>
    function* () {
      for (const of of all) yield { labels: of.labels, value: value(of) };
    };
  const counter = (
    name: string,
    help: string,
    value: (of: VersionStatistics) => number,
  ): Family => ({
    name,
    help,
    type: "counter",
    read: each(value),
  });
  const gauge = (
    name: string,
    help: string,
    value: (of: VersionStatistics) => number | undefined,
  ): Family => ({ name, help, type: "gauge", read: () => known(all, value) });
  const microseconds = (phase: string, help: string, ms: (of: VersionStatistics) => number) =>
    counter(`nv_inference_${phase}_duration_us`, help, (of) => Math.round(ms(of) * 1000));
  const histogram = (
    name: string,
    help: string,
    of: (of: VersionStatistics) => Distribution,
  ): Family => ({
    name,
    help,
    type: "histogram",
    read: () => spreads(all, of),
  });

  return [
    counter(
      "nv_inference_request_success",
      "Requests that were answered",
      (of) => of.success.count,
    ),
    {
      name: "nv_inference_request_failure",
      help: "Requests that failed, by reason: REJECTED, CANCELED, BACKEND or OTHER",
      type: "counter",
      read: () => failures(all),
    },
    {
      name: "amaas_inference_failures_total",
      help: "Requests that failed, by status",
      type: "counter",
      read: () => tallies(all, "code", (of) => of.failureCodes),
    },
    counter(
      "nv_inference_count",
      "Inferences: rows of the requests that were run",
      (of) => of.inferences,
    ),
    counter("nv_inference_exec_count", "Runs of the model", (of) => of.executions),
    {
      name: "nv_inference_pending_request_count",
      help: "Requests that wait for their run",
      type: "gauge",
      read: each((of) => of.waiting),
    },
    microseconds(
      "request",
      "Time of requests that were answered, end to end",
      (of) => of.success.ms,
    ),
    microseconds("queue", "Time that requests waited for their run", (of) => of.queue.ms),
    microseconds("compute_input", "Time of bringing rows together", (of) => of.computeInput.ms),
    microseconds("compute_infer", "Time in the model's runs", (of) => of.computeInfer.ms),
    microseconds(
      "compute_output",
      "Time of giving requests their rows",
      (of) => of.computeOutput.ms,
    ),
    counter(
      "nv_cache_num_hits_per_model",
      "Requests answered without a run",
      (of) => of.cacheHit.count,
    ),
    counter(
      "nv_cache_num_misses_per_model",
      "Requests that the cache did not know",
      (of) => of.cacheMiss.count,
    ),
    counter(
      "nv_cache_hit_duration_per_model",
      "Microseconds of lookups that found an answer",
      (of) => Math.round(of.cacheHit.ms * 1000),
    ),
    counter(
      "nv_cache_miss_duration_per_model",
      "Microseconds of lookups that found none, and of keeping answers",
      (of) => Math.round(of.cacheMiss.ms * 1000),
    ),
    {
      name: "amaas_inference_request_seconds",
      help: "Time of requests in the service, by outcome",
      type: "histogram",
      read: () => outcomes(all),
    },
    histogram(
      "amaas_inference_queue_seconds",
      "Time from being submitted to the start of the run",
      (of) => of.queueSeconds,
    ),
    histogram(
      "amaas_inference_compute_input_seconds",
      "Time of bringing the rows of the run together",
      (of) => of.computeInputSeconds,
    ),
    histogram(
      "amaas_inference_compute_infer_seconds",
      "Time in the model's run",
      (of) => of.computeInferSeconds,
    ),
    histogram(
      "amaas_inference_compute_output_seconds",
      "Time of giving the run's requests their rows",
      (of) => of.computeOutputSeconds,
    ),
    histogram("amaas_inference_batch_rows", "Rows in a run, without padding", (of) => of.batchRows),
    counter(
      "amaas_inference_padding_rows_total",
      "Rows that were run only to make up a size",
      (of) => of.padding,
    ),
    gauge(
      "amaas_inference_model_memory_bytes",
      "Memory of the instances that are loaded",
      (of) => of.resources?.memoryBytes,
    ),
    gauge(
      "amaas_inference_quarantined",
      "1 where the model hangs or crashes and is not run any more",
      (of) => of.resources && Number(of.resources.quarantined),
    ),
    gauge(
      "amaas_inference_request_rate",
      "Requests a second that were taken lately",
      (of) => of.pace.rate,
    ),
    gauge(
      "amaas_inference_headroom",
      "Requests a second that could be taken beside those that are",
      (of) => of.headroom,
    ),
    {
      name: "amaas_inference_batches_total",
      help: "Runs, by why no more requests were waited for",
      type: "counter",
      read: () => tallies(all, "reason", (of) => of.closedBy),
    },
  ];
}

/** What cannot be told of a version has no line. */
function* known(
  all: Statistics,
  read: (of: VersionStatistics) => number | undefined,
): Iterable<Reading> {
  for (const of of all) {
    const value = read(of);
    if (value !== undefined) yield { labels: of.labels, value };
  }
}

function* failures(all: Statistics): Iterable<Reading> {
  for (const { labels, failures: counts } of all)
    for (const reason of failureReasons)
      yield { labels, besides: { reason }, value: counts[reason] };
}

function* tallies(
  all: Statistics,
  label: string,
  read: (of: VersionStatistics) => ReadonlyMap<string, number>,
): Iterable<Reading> {
  for (const of of all)
    for (const [name, value] of read(of))
      yield { labels: of.labels, besides: { [label]: name }, value };
}

function* spreads(
  all: Statistics,
  read: (of: VersionStatistics) => Distribution,
): Iterable<Spread> {
  for (const of of all) yield { labels: of.labels, distribution: read(of) };
}

function* outcomes(all: Statistics): Iterable<Spread> {
  for (const { labels, requestSeconds, failedSeconds } of all) {
    yield { labels, besides: { outcome: "success" }, distribution: requestSeconds };
    yield { labels, besides: { outcome: "failure" }, distribution: failedSeconds };
  }
}
