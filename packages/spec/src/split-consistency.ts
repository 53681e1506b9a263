/** Fields of a split that do not fit each other, in the form of `consistency.ts`. */
import type { Check } from "./consistency.ts";
import { isRecords } from "./job-spec.ts";
import { hasClasses } from "./task-labels.ts";

export const splitChecks: readonly Check[] = [
  {
    reads: ["split"],
    fault: ({ split }) => {
      const sum = split.training + split.validation + split.test;
      if (Math.abs(sum - 1) <= 1e-6) return undefined;
      return `training, validation and test add up to ${Math.round(sum * 1e6) / 1e6}, wanted 1`;
    },
  },
  {
    reads: ["split.stratify", "task"],
    fault: ({ split, task }) =>
      split.stratify && !hasClasses(task)
        ? `found true, wanted false: ${task} has no classes`
        : undefined,
  },
  {
    reads: ["split.stratify", "split.time"],
    fault: ({ split }) =>
      split.stratify && split.time !== undefined
        ? "found true, wanted false where split.time says which rows go where"
        : undefined,
  },
  ...(["group", "time"] as const).map(
    (key): Check => ({
      reads: [`split.${key}`, "data.format"],
      fault: ({ split, data }) =>
        split[key] !== undefined && !isRecords(data)
          ? `found ${JSON.stringify(split[key])}, wanted none: ${data.format} data has no columns`
          : undefined,
    }),
  ),
  {
    reads: ["split.time", "split.group"],
    fault: ({ split }) =>
      split.time !== undefined && split.group !== undefined
        ? "wanted none where there is split.group: rows go by one of them"
        : undefined,
  },
  {
    reads: ["split.folds", "data.format"],
    fault: ({ split, data }) =>
      split.folds !== undefined && data.format === "text"
        ? `found ${split.folds}, wanted none: a text is split by position`
        : undefined,
  },
  {
    reads: ["split.folds", "split.time"],
    fault: ({ split }) =>
      split.folds !== undefined && split.time !== undefined
        ? `found ${split.folds}, wanted none where split.time says which rows go where`
        : undefined,
  },
  {
    reads: ["split.fold", "split.folds"],
    fault({ split: { fold, folds } }) {
      if (fold === undefined || (folds !== undefined && fold < folds)) return undefined;
      return `found ${fold}, wanted ${folds === undefined ? "none where there is no split.folds" : `less than split.folds, which is ${folds}`}`;
    },
  },
];
