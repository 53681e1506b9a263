/** What the tasks want of the rest of a spec; used by `consistency.ts`. */
import type { Check } from "./consistency.ts";
import type { JobSpec, Task } from "./job-spec.ts";

/** Whether rows of a task come with labels. */
const labelled: { readonly [T in Task]: boolean } = {
  classification: true,
  regression: true,
  reconstruction: false,
  "language-modeling": false,
};

export const taskChecks: readonly Check[] = [
  {
    reads: ["data.label", "data.format", "task"],
    fault: ({ data, task }) =>
      data.format === "arrays"
        ? undefined
        : labelFault(task, data.label, "a text of 1 to 256 characters"),
  },
  {
    reads: ["data.labels", "data.format", "task"],
    fault: ({ data, task }) =>
      data.format === "arrays"
        ? labelFault(task, data.labels, "a path, or sha256: and 64 hex digits")
        : undefined,
  },
  {
    reads: ["training.loss.labelSmoothing", "training.loss", "task"],
    fault: ({ training: { loss }, task }) =>
      task === "reconstruction" && "labelSmoothing" in loss && loss.labelSmoothing > 0
        ? `found ${loss.labelSmoothing}, wanted 0: ${task} has no classes`
        : undefined,
  },
  {
    reads: ["training.loss.classWeights", "training.loss", "task"],
    fault: ({ training: { loss }, task }) =>
      task !== "classification" && "classWeights" in loss && loss.classWeights !== undefined
        ? `found weights, wanted none: ${task} has no classes`
        : undefined,
  },
];

function labelFault(task: JobSpec["task"], found: string | undefined, wanted: string) {
  if (found === undefined) return labelled[task] ? `is missing, wanted ${wanted}` : undefined;
  const shown = JSON.stringify(found.slice(0, 80));
  return labelled[task] ? undefined : `found ${shown}, wanted none: ${task} has no labels`;
}
