/** Fields of an optimizer, a schedule or the discipline of a training that do not fit each other, in the form of `consistency.ts`. */
import type { Check } from "./consistency.ts";
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
    reads: ["training.earlyStopping.metric", "training.earlyStopping", "task"],
    fault({ training: { earlyStopping }, task }) {
      const told = metricsOfTask(task).filter((metric) => !areaMetrics.includes(metric));
      const known: readonly Metric[] = told;
      return earlyStopping === undefined || known.includes(earlyStopping.metric)
        ? undefined
        : `found "${earlyStopping.metric}", wanted one of ${known.join(", ")} for ${task}`;
    },
  },
  {
    reads: ["training.earlyStopping.metric", "training.earlyStopping", "training.loss"],
    fault: ({ training: { earlyStopping, loss } }) =>
      earlyStopping?.metric === "quantileLoss" && loss.type !== "quantile"
        ? `found "quantileLoss", which wants training.loss.type quantile, not ${loss.type}`
        : undefined,
  },
];
