/** What of the evaluation record the version itself carries: areas for gates, intervals of the main metrics. */
import type { EvaluationRecord } from "@amaas/evaluation";
import type { Packaged } from "@amaas/proto/amaas/scheduler/v1/fleet";
import { areaMetrics, mainMetrics } from "@amaas/spec";

export function told(record: EvaluationRecord): Pick<Packaged, "metrics" | "intervals"> {
  const unseen = record.splits.filter(({ split }) => split !== "training");
  const ends: readonly string[] = areaMetrics;
  const areas = unseen.flatMap(({ split, metrics }) =>
    Object.entries(metrics)
      .filter(([metric]) => ends.includes(metric))
      .map(([metric, { value }]) => [`${split}/${metric}`, value] as const),
  );
  const main: readonly string[] = mainMetrics;
  const parts = [
    ...unseen.map(({ split, metrics }) => ({ split, slice: "", metrics })),
    ...record.slices.map(({ column, value, metrics }) => ({
      split: "test",
      slice: `${column}=${value}`,
      metrics,
    })),
  ];
  const intervals = parts.flatMap(({ split, slice, metrics }) =>
    Object.entries(metrics).flatMap(([metric, { value, low, high }]) =>
      low === undefined || high === undefined || !main.includes(metric)
        ? []
        : [{ metric, split, slice, value, low, high }],
    ),
  );
  return { metrics: Object.fromEntries(areas), intervals };
}
