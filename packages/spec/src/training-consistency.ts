/** Fields of an optimizer, a schedule or the discipline of a training that do not fit each other, in the form of `consistency.ts`. */
import type { Check } from "./consistency.ts";
import type { TrainingSpec } from "./job-spec.ts";
import { areaMetrics, type Metric, metricsOfTask } from "./metrics.ts";

export const trainingChecks: readonly Check[] = [
  {
    reads: ["training.optimizer.nesterov", "training.optimizer"],
    fault: ({ training: { optimizer } }) =>
      optimizer.type === "sgd" && optimizer.nesterov && optimizer.momentum === 0
        ? "found true, wanted false where momentum is 0"
        : undefined,
  },
  {
    reads: ["training.optimizer.decoupled", "training.optimizer"],
    fault: ({ training: { optimizer } }) =>
      "decoupled" in optimizer && optimizer.decoupled && optimizer.weightDecay === 0
        ? "found true, wanted false where weightDecay is 0"
        : undefined,
  },
  {
    reads: ["training.optimizer.clipNorm", "training.optimizer"],
    fault: ({ training: { optimizer } }) =>
      optimizer.clipNorm !== undefined && optimizer.clipValue !== undefined
        ? "is there beside clipValue, wanted one of them"
        : undefined,
  },
  {
    reads: ["training.schedule.at", "training.schedule"],
    fault: ({ training: { schedule } }) => {
      if (schedule.type !== "multi-step") return undefined;
      const wrong = schedule.at.findIndex((place, i) => place <= (schedule.at[i - 1] ?? 0));
      return wrong < 0
        ? undefined
        : `found ${schedule.at[wrong]} after ${schedule.at[wrong - 1]}, wanted growing places`;
    },
  },
  {
    reads: ["training.schedule.growth", "training.schedule"],
    fault: ({ training: { schedule } }) =>
      schedule.type === "cosine" && schedule.growth > 1 && schedule.cycle === undefined
        ? `found ${schedule.growth}, wanted 1 where there is no cycle`
        : undefined,
  },
  {
    // In steps it depends on the number of rows: whoever counts those looks again.
    reads: ["training.schedule.warmup.length", "training.schedule", "training.epochs"],
    fault: ({ training: { schedule, epochs } }) =>
      schedule.warmup && schedule.unit === "epoch" && schedule.warmup.length >= epochs
        ? `found ${schedule.warmup.length}, wanted less than training.epochs, which is ${epochs}`
        : undefined,
  },
  {
    reads: ["training.warmStart.version", "training.warmStart"],
    fault: ({ training: { warmStart } }) =>
      warmStart && warmStart.version === undefined && warmStart.alias === undefined
        ? "is missing, wanted a whole number of at least 1, or an alias"
        : undefined,
  },
  {
    // Once it is resolved, the digest says what counts and the alias where that came from.
    reads: ["training.warmStart.alias", "training.warmStart"],
    fault: ({ training: { warmStart } }) =>
      warmStart?.alias !== undefined &&
      warmStart.version !== undefined &&
      warmStart.digest === undefined
        ? "is there beside version, wanted one of them"
        : undefined,
  },
  {
    reads: ["training.warmStart.digest", "training.warmStart"],
    fault: ({ training: { warmStart } }) =>
      warmStart?.digest !== undefined && warmStart.version === undefined
        ? "is there without the version that it is of"
        : undefined,
  },
  ...(["earlyStopping", "schedule"] as const).flatMap((part) => metricChecks(part)),
];

/** The metric that a part of the training goes by is one of the task, and of the loss. */
function metricChecks(part: "earlyStopping" | "schedule"): Check[] {
  const metricOf = ({ [part]: rule }: TrainingSpec) =>
    rule !== undefined && "metric" in rule ? rule.metric : undefined;
  const field = `training.${part}.metric`;
  return [
    {
      reads: [field, `training.${part}`, "task"],
      fault({ training, task }) {
        const metric = metricOf(training);
        const told = metricsOfTask(task).filter((name) => !areaMetrics.includes(name));
        const known: readonly Metric[] = told;
        return metric === undefined || known.includes(metric)
          ? undefined
          : `found "${metric}", wanted one of ${known.join(", ")} for ${task}`;
      },
    },
    {
      reads: [field, `training.${part}`, "training.loss"],
      fault: ({ training }) =>
        metricOf(training) === "quantileLoss" && training.loss.type !== "quantile"
          ? `found "quantileLoss", which wants training.loss.type quantile, not ${training.loss.type}`
          : undefined,
    },
  ];
}
