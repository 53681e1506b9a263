/** StreamCoreMetrics: a load report at once, and then one in every interval, until the service drains. */
import { setTimeout as wait } from "node:timers/promises";
import { DomainError } from "@amaas/errors";
import type { Duration } from "@amaas/proto/google/protobuf/duration";
import type { OpenRcaServiceDefinition } from "@amaas/proto/xds/service/orca/v3/orca";
import type { Handlers } from "@amaas/rpc";
import type { LoadReports } from "../load-reports.ts";

const defaultMs = 30_000;
/** More often nothing new is known. */
const leastMs = 100;
const mostMs = 24 * 3600 * 1000;

export function streamCoreMetrics(
  reports: LoadReports,
): Handlers<OpenRcaServiceDefinition>["streamCoreMetrics"] {
  return async function* ({ reportInterval }, { signal }) {
    const ms = intervalOf(reportInterval);
    const over = AbortSignal.any([signal, reports.stopped]);
    while (!over.aborted) {
      yield reports.report();
      await wait(ms, undefined, { signal: over, ref: false }).catch(() => undefined);
    }
  };
}

function intervalOf(interval: Duration | undefined): number {
  if (interval === undefined) return defaultMs;
  const ms = interval.seconds * 1000 + interval.nanos / 1e6;
  if (ms >= 0) return Math.min(mostMs, Math.max(leastMs, ms));
  const description = `is ${ms} ms, wanted a time that is not negative`;
  throw new DomainError("invalid-argument", `report_interval ${description}`, {
    violations: [{ field: "report_interval", description }],
  });
}
