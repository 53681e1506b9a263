/**
 * What is to be seen of a model in the statistics of a replica: of the time between two looks at them,
 * or, where there was no look before, of all the time since the version was loaded.
 */
import type { ModelStatistics } from "@amaas/client";
import { quantile } from "@amaas/telemetry";

/** What a replica told, and when: milliseconds on any clock. */
export interface Look {
  readonly at: number;
  readonly models: readonly ModelStatistics[];
}

/** What is undefined is not known, for want of requests or because the server does not tell. */
export interface ModelFigures {
  readonly model: string;
  readonly version: string;
  readonly requestsPerSecond: number | undefined;
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
  /** Mean of the requests that were answered. */
  readonly waitMs: number | undefined;
  /** Requests that wait at this moment. */
  readonly queued: number | undefined;
  readonly rowsPerRun: number | undefined;
  readonly memoryBytes: number | undefined;
  /** The share of the requests that were answered without a run; undefined without a cache. */
  readonly cacheHits: number | undefined;
  /** Since the version was loaded. */
  readonly failed: number;
  /** Whether some of them failed since the look before. */
  readonly failing: boolean;
  /** Requests a second that could be taken besides. */
  readonly headroom: number | undefined;
  readonly quarantined: boolean;
}

/** The busiest first, then by name. */
export function figuresOf(now: Look, before?: Look): ModelFigures[] {
  const earlier = new Map(before?.models.map((each) => [keyOf(each), each]));
  const seconds = before === undefined ? 0 : (now.at - before.at) / 1000;
  return now.models
    .map((each) => figures(each, sameCounts(each, earlier.get(keyOf(each))), seconds))
    .sort(
      (a, b) =>
        (b.requestsPerSecond ?? 0) - (a.requestsPerSecond ?? 0) ||
        a.model.localeCompare(b.model) ||
        a.version.localeCompare(b.version, undefined, { numeric: true }),
    );
}

const keyOf = ({ name, version }: ModelStatistics): string => `${name}\n${version}`;

/** A version that was loaded anew in between has begun to count from nothing. */
function sameCounts(
  now: ModelStatistics,
  before: ModelStatistics | undefined,
): ModelStatistics | undefined {
  if (before === undefined) return undefined;
  const grown =
    now.executionCount >= before.executionCount &&
    countOf(now, "success") >= countOf(before, "success") &&
    countOf(now, "fail") >= countOf(before, "fail");
  return grown ? before : undefined;
}

function figures(
  now: ModelStatistics,
  before: ModelStatistics | undefined,
  seconds: number,
): ModelFigures {
  const since = (name: Phase) => countOf(now, name) - (before ? countOf(before, name) : 0);
  const waited = nsOf(now, "queue") - (before ? nsOf(before, "queue") : 0);
  const answered = since("success");
  const looked = since("cacheHit") + since("cacheMiss");
  const runs = Number(now.executionCount - (before?.executionCount ?? 0n));
  const rows = Number(now.inferenceCount - (before?.inferenceCount ?? 0n));
  const { activity } = now;
  const measured = before && seconds > 0 ? (answered + since("fail")) / seconds : undefined;
  return {
    model: now.name,
    version: now.version,
    requestsPerSecond: measured ?? activity?.requestRate,
    p50Ms: latency(now, before, 0.5),
    p99Ms: latency(now, before, 0.99),
    waitMs: answered > 0 ? waited / answered / 1e6 : undefined,
    queued: activity && Number(activity.pending),
    rowsPerRun: runs > 0 ? rows / runs : undefined,
    memoryBytes: memoryOf(now),
    cacheHits: looked > 0 ? since("cacheHit") / looked : undefined,
    failed: countOf(now, "fail"),
    failing: before !== undefined && since("fail") > 0,
    headroom: activity?.headroom,
    quarantined: activity?.quarantined ?? false,
  };
}

type Phase = "success" | "fail" | "queue" | "cacheHit" | "cacheMiss";

function countOf({ inferenceStats }: ModelStatistics, name: Phase): number {
  return Number(inferenceStats?.[name]?.count ?? 0n);
}

function nsOf({ inferenceStats }: ModelStatistics, name: Phase): number {
  return Number(inferenceStats?.[name]?.ns ?? 0n);
}

function memoryOf({ memoryUsage }: ModelStatistics): number | undefined {
  if (memoryUsage.length === 0) return undefined;
  return memoryUsage.reduce((sum, { byteSize }) => sum + Number(byteSize), 0);
}

function latency(
  { activity }: ModelStatistics,
  before: ModelStatistics | undefined,
  share: number,
): number | undefined {
  if (activity === undefined) return undefined;
  const earlier = before?.activity?.requestCounts ?? [];
  const counts = activity.requestCounts.map((count, at) => Number(count - (earlier[at] ?? 0n)));
  const found = quantile(activity.requestSeconds, counts, share);
  return found === undefined ? undefined : found * 1000;
}
