/**
 * What is summed while a model is trained or evaluated, and what the sums mean.
 *
 * Only sums travel: they add over samples, micro-batches and workers in the fixed tree, so that a
 * metric is the same whoever computed its parts. A new task is an entry in the table.
 */
import { DomainError } from "@amaas/errors";

export type Task = "classification" | "regression";
/** Metrics by name. */
export type MetricValues = Record<string, number>;

interface TaskMetrics {
  /** In the order in which graphs put them out. */
  readonly sums: readonly string[];
  readonly metrics: (sums: readonly number[], samples: number) => MetricValues;
}

const tasks: { readonly [T in Task]: TaskMetrics } = {
  classification: define(["loss", "correct"], ([loss, correct], samples) => ({
    loss: loss / samples,
    accuracy: correct / samples,
  })),

  // `loss` is the squared error of standardised labels, and `target` and `targetSquared` are of
  // standardised labels too; `squared` and `absolute` are errors in the units of the labels.
  regression: define(
    ["loss", "squared", "absolute", "target", "targetSquared"],
    ([loss, squared, absolute, target, targetSquared], samples) => ({
      loss: loss / samples,
      mse: squared / samples,
      rmse: Math.sqrt(squared / samples),
      mae: absolute / samples,
      r2: determination(loss, targetSquared - (target * target) / samples),
    }),
  ),
};

/** The sums that a graph of this task puts out, in order. */
export function sumNames(task: Task): readonly string[] {
  return tasks[task].sums;
}

/** The metrics of a pass over `samples` samples. */
export function metricsOf(task: Task, sums: readonly number[], samples: number): MetricValues {
  return tasks[task].metrics(sums, samples);
}

/** Ties the names of the sums to the formula that takes them apart. */
function define<const Names extends readonly string[]>(
  sums: Names,
  formula: (sums: { readonly [I in keyof Names]: number }, samples: number) => MetricValues,
): TaskMetrics {
  const fits = (values: readonly number[]): values is { readonly [I in keyof Names]: number } =>
    values.length === sums.length;
  return {
    sums,
    metrics(values, samples) {
      if (!fits(values))
        throw mismatch(`${values.length} sums`, `${sums.length} (${sums.join(", ")})`);
      if (!(samples > 0)) throw mismatch(`sums over ${samples} samples`, "at least 1");
      return formula(values, samples);
    },
  };
}

/** Share of the labels' variation that is explained; labels that do not vary are met or not. */
function determination(error: number, variation: number): number {
  if (variation > 0) return 1 - error / variation;
  return error === 0 ? 1 : 0;
}

function mismatch(found: string, wanted: string): DomainError {
  return new DomainError("invalid-argument", `no metrics: found ${found}, wanted ${wanted}`);
}
