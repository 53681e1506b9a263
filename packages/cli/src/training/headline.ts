/** The metric by which people judge a job at a glance, and how it is said. */
import type { Evaluation } from "@amaas/client";
import { measure } from "../terminal/figures.ts";

/** The first of these that an evaluation has. */
const order = ["accuracy", "r2", "rmse", "mse", "mae", "loss"] as const;

/** "validation accuracy 0.9512" */
export function headline(evaluation: Evaluation | undefined): string | undefined {
  if (evaluation === undefined) return undefined;
  const { split, metrics } = evaluation;
  const name = order.find((candidate) => metrics[candidate] !== undefined);
  const value = name === undefined ? undefined : metrics[name];
  return name === undefined || value === undefined
    ? undefined
    : `${split} ${name} ${measure(value)}`;
}
