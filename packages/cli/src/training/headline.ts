/** The metric by which people judge a job at a glance, and how it is said. */
import type { Evaluation } from "@amaas/client";
import { mainMetrics } from "@amaas/spec";
import { measure } from "../terminal/figures.ts";

/** "validation accuracy 0.9512" */
export function headline(evaluation: Evaluation | undefined): string | undefined {
  if (evaluation === undefined) return undefined;
  const { split, metrics } = evaluation;
  const name = mainMetrics.find((candidate) => metrics[candidate] !== undefined);
  const value = name === undefined ? undefined : metrics[name];
  return name === undefined || value === undefined
    ? undefined
    : `${split} ${name} ${measure(value)}`;
}
