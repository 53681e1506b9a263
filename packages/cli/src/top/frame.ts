/** What is shown of replicas and their models: a table of the busiest first, and who does not answer. */
import { bytes, count } from "../terminal/figures.ts";
import type { Style } from "../terminal/style.ts";
import { table } from "../terminal/table.ts";
import { printable } from "../terminal/text.ts";
import type { ModelFigures } from "./figures.ts";

export interface ReplicaFigures {
  readonly address: string;
  readonly models: readonly ModelFigures[];
  /** Why nothing is known of it. */
  readonly fault?: string;
}

const unknown = "–";

const columns = [
  { title: "MODEL" },
  { title: "VERSION", align: "right" },
  { title: "REQ/S", align: "right" },
  { title: "P50", align: "right" },
  { title: "P99", align: "right" },
  { title: "WAIT", align: "right" },
  { title: "QUEUED", align: "right" },
  { title: "BATCH", align: "right" },
  { title: "MEMORY", align: "right" },
  { title: "CACHE", align: "right" },
  { title: "FAILED", align: "right" },
  { title: "HEADROOM", align: "right" },
] as const;

export function frame(replicas: readonly ReplicaFigures[], style: Style): string[] {
  const several = replicas.length > 1;
  const shown = replicas.flatMap(({ address, models }) =>
    models.map((figures) => ({ address, figures })),
  );
  // Of several replicas too the busiest comes first.
  shown.sort((a, b) => (b.figures.requestsPerSecond ?? 0) - (a.figures.requestsPerSecond ?? 0));
  const rows = shown.map(({ address, figures }) => [
    ...cells(figures, style),
    ...(several ? [style.dim(printable(address))] : []),
  ]);
  const titles = several ? [...columns, { title: "REPLICA" }] : columns;
  const faults = replicas.flatMap(({ address, fault }) =>
    fault === undefined ? [] : [`${style.red(printable(address))}  ${printable(fault)}`],
  );
  const answered = replicas.some(({ fault }) => fault === undefined);
  if (rows.length === 0 && answered) return ["No models are served.", ...faults];
  return [...(rows.length > 0 ? table(titles, rows, style) : []), ...faults];
}

function cells(of: ModelFigures, style: Style): string[] {
  const name = printable(of.model);
  const failed = count(of.failed);
  return [
    of.quarantined ? style.red(`${name} (quarantined)`) : name,
    printable(of.version),
    or(of.requestsPerSecond, rate),
    or(of.p50Ms, milliseconds),
    or(of.p99Ms, milliseconds),
    or(of.waitMs, milliseconds),
    or(of.queued, count),
    or(of.rowsPerRun, (rows) => rows.toFixed(1)),
    or(of.memoryBytes, bytes),
    or(of.cacheHits, (share) => `${Math.round(share * 100)} %`),
    of.failing ? style.red(failed) : failed,
    or(of.headroom, rate),
  ];
}

function or(value: number | undefined, show: (value: number) => string): string {
  return value === undefined ? unknown : show(value);
}

function rate(value: number): string {
  return value > 0 && value < 99.95 ? value.toFixed(1) : count(value);
}

/** 0.42 ms, 12.3 ms, 1.25 s */
function milliseconds(ms: number): string {
  if (ms >= 999.5) return `${(ms / 1000).toFixed(2)} s`;
  return `${ms.toFixed(ms < 9.995 ? 2 : ms < 99.95 ? 1 : 0)} ms`;
}
