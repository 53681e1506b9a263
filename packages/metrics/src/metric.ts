/** The metrics that people read, and which way is better. */
import { DomainError } from "@amaas/errors";

export type Metric = "loss" | "accuracy" | "mse" | "rmse" | "mae" | "r2";

const higherIsBetterTable: { readonly [M in Metric]: boolean } = {
  loss: false,
  accuracy: true,
  mse: false,
  rmse: false,
  mae: false,
  r2: true,
};

/** Whether a model with more of this metric is the better one. */
export function higherIsBetter(metric: string): boolean {
  if (isMetric(metric)) return higherIsBetterTable[metric];
  const wanted = Object.keys(higherIsBetterTable).join(", ");
  throw new DomainError("invalid-argument", `found metric ${metric}, wanted one of ${wanted}`);
}

function isMetric(name: string): name is Metric {
  return Object.hasOwn(higherIsBetterTable, name);
}
