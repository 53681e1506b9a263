/** The metrics that a job reports, by task, and which way each is better. */
import type { Task } from "./job-spec.ts";

type Better = "more" | "less";

export const metrics = {
  classification: {
    loss: "less",
    accuracy: "more",
    topKAccuracy: "more",
    balancedAccuracy: "more",
    precisionMacro: "more",
    precisionMicro: "more",
    precisionWeighted: "more",
    recallMacro: "more",
    recallMicro: "more",
    recallWeighted: "more",
    f1Macro: "more",
    f1Micro: "more",
    f1Weighted: "more",
    matthews: "more",
    logLoss: "less",
    brier: "less",
    calibrationError: "less",
    rocAuc: "more",
    rocAucWeighted: "more",
    prAuc: "more",
    prAucWeighted: "more",
  },
  regression: {
    loss: "less",
    mse: "less",
    rmse: "less",
    mae: "less",
    mape: "less",
    r2: "more",
    explainedVariance: "more",
    quantileLoss: "less",
  },
  embedding: {
    loss: "less",
    recallAt1: "more",
  },
  reconstruction: {
    loss: "less",
    mse: "less",
    rmse: "less",
    mae: "less",
    psnr: "more",
  },
  "language-modeling": {
    loss: "less",
    perplexity: "less",
    tokenAccuracy: "more",
  },
} as const satisfies { readonly [T in Task]: Readonly<Record<string, Better>> };

export type MetricOf<T extends Task> = keyof (typeof metrics)[T];
export type Metric = { [T in Task]: MetricOf<T> }[Task];

/** Those by which people follow a training, the one that they judge it by first; for any task. */
export const mainMetrics: readonly Metric[] = [
  "accuracy",
  "f1Macro",
  "r2",
  "recallAt1",
  "perplexity",
  "tokenAccuracy",
  "psnr",
  "rmse",
  "mae",
  "loss",
];

/** Those that only the scores of all rows tell: known at the end, for gates, and not after every epoch. */
export const areaMetrics: readonly Metric[] = [
  "rocAuc",
  "rocAucWeighted",
  "prAuc",
  "prAucWeighted",
];

/** The names of a task's metrics. */
export function metricsOfTask<T extends Task>(task: T): readonly MetricOf<T>[] {
  return Object.keys(metrics[task]) as MetricOf<T>[];
}

/** Whether less of it is better, as of an error. */
export function isErrorMetric(metric: string): boolean {
  return Object.values(metrics).some((ways: Readonly<Record<string, Better>>) =>
    Object.hasOwn(ways, metric) ? ways[metric] === "less" : false,
  );
}
