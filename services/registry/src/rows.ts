/** Rows to messages and back. Nothing is lost on the way: NaN metrics come back as NaN. */
import type { Alias, Model, Version } from "@amaas/proto/amaas/registry/v1/registry";
import type { ModelRow, MoveRow, VersionRow } from "./tables.ts";

export function versionRow(version: Version, idempotencyKey: string): VersionRow {
  return {
    model: version.model,
    version: version.version,
    idempotency_key: idempotencyKey === "" ? null : idempotencyKey,
    digest: version.digest,
    bytes: version.bytes,
    weights_sha256: version.weightsSha256,
    inputs: JSON.stringify(version.inputs),
    outputs: JSON.stringify(version.outputs),
    classes: JSON.stringify(version.classes),
    metrics: encodeNumbers(version.metrics),
    lineage: JSON.stringify(version.lineage ?? null),
    created_at: version.createdAt?.getTime() ?? 0,
    traceparent: version.traceparent,
    evaluation: version.evaluation,
    intervals: encodeNumbers(version.intervals),
  };
}

export function versionOf(row: VersionRow): Version {
  return {
    model: row.model,
    version: row.version,
    digest: row.digest,
    bytes: row.bytes,
    weightsSha256: row.weights_sha256,
    inputs: JSON.parse(row.inputs),
    outputs: JSON.parse(row.outputs),
    classes: JSON.parse(row.classes),
    metrics: decodeMetrics(row.metrics),
    lineage: JSON.parse(row.lineage) ?? undefined,
    createdAt: new Date(row.created_at),
    traceparent: row.traceparent,
    evaluation: row.evaluation,
    intervals: decodeIntervals(row.intervals),
  };
}

export function aliasOf(move: Omit<MoveRow, "below">): Alias {
  return {
    model: move.model,
    alias: move.alias,
    version: move.version,
    revision: move.revision,
    movedAt: new Date(move.moved_at),
    reason: move.reason,
    traceparent: move.traceparent,
  };
}

export function modelOf(row: ModelRow, aliases: readonly MoveRow[]): Model {
  return {
    name: row.name,
    createdAt: new Date(row.created_at),
    latestVersion: row.latest_version,
    aliases: aliases.map(aliasOf),
  };
}

/** JSON has no NaN and no infinities; the loss of a run that diverged is one of them. */
function encodeNumbers(found: Version["metrics"] | Version["intervals"]): string {
  return JSON.stringify(found, (_, value: unknown) =>
    typeof value === "number" && !Number.isFinite(value) ? String(value) : value,
  );
}

function decodeMetrics(text: string): Version["metrics"] {
  const stored: Record<string, number | string> = JSON.parse(text);
  return Object.fromEntries(Object.entries(stored).map(([name, value]) => [name, Number(value)]));
}

function decodeIntervals(text: string): Version["intervals"] {
  type Stored = Record<keyof Version["intervals"][number], string>;
  const stored: readonly Stored[] = JSON.parse(text);
  return stored.map(({ value, low, high, ...of }) => ({
    ...of,
    value: Number(value),
    low: Number(low),
    high: Number(high),
  }));
}
