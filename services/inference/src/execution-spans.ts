/**
 * The spans of a run and of the requests in it, recorded when it is over:
 *
 *   inference.queue   of each request, in its own trace: from being submitted to the start of the run
 *   inference.batch   the run with its preparation, linked to all of its requests' spans; it stands in
 *                     the trace of the first of them
 *   inference.run     the model's part of it, below the batch
 *
 * Requests whose traces are not recorded have none, and cost a look at a flag. A run that fails leaves the
 * error in its requests' own spans.
 */
import type { Tracing } from "@amaas/telemetry";
import type { Execution, VersionStatistics } from "./version-statistics.ts";

/** A request in a run. */
export interface Member {
  readonly traceparent: string;
  readonly queuedMs: number;
}

export function recordExecution(
  tracer: Tracing,
  { model, version }: VersionStatistics,
  execution: Execution,
  members: readonly Member[],
): void {
  const recorded = members.filter(({ traceparent }) => tracer.records(traceparent));
  const [first] = recorded;
  if (first === undefined) return;

  const { startedAt, inputMs, inferMs, outputMs } = execution;
  const of = { "amaas.model": model, "amaas.version": version };
  const parent = first.traceparent;
  const batch = tracer.reserve(parent);
  tracer.record(batch, {
    name: "inference.batch",
    parent,
    start: startedAt,
    end: startedAt + inputMs + inferMs + outputMs,
    links: recorded.map(({ traceparent }) => traceparent),
    attributes: {
      ...of,
      "amaas.batch.id": execution.id,
      "amaas.batch.requests": execution.requests,
      "amaas.batch.rows": execution.rows,
      "amaas.batch.padding": execution.padding,
      "amaas.batch.closed_by": execution.closedBy,
      "amaas.instance": execution.instance,
    },
  });
  tracer.record(tracer.reserve(batch), {
    name: "inference.run",
    parent: batch,
    start: startedAt + inputMs,
    end: startedAt + inputMs + inferMs,
    attributes: of,
  });
  for (const { traceparent, queuedMs } of recorded)
    tracer.record(tracer.reserve(traceparent), {
      name: "inference.queue",
      parent: traceparent,
      start: startedAt - queuedMs,
      end: startedAt,
      links: [batch],
      attributes: of,
    });
}
