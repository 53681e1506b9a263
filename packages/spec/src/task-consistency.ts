/** What the tasks want of the rest of a spec; used by `consistency.ts`. */

import type { ArchitectureSpec } from "./architecture-spec.ts";
import type { Check } from "./consistency.ts";
import { isRecords, type JobSpec, type Task } from "./job-spec.ts";
import { hasClasses, hasLabels } from "./task-labels.ts";

type Architecture = ArchitectureSpec["type"];

/** Of the tasks that want an architecture made for them, those; others want one of the rest. */
const ownArchitectures: { readonly [T in Task]?: readonly Architecture[] } = {
  "language-modeling": ["gpt", "onnx"],
};
/** Those that are of use to one task alone. */
const taskOf: { readonly [A in Architecture]?: Task } = {
  gpt: "language-modeling",
  autoencoder: "reconstruction",
  unet: "reconstruction",
};

export const taskChecks: readonly Check[] = [
  {
    reads: ["data.label", "data.format", "task"],
    fault: ({ data, task }) =>
      isRecords(data) ? labelFault(task, data.label, "a text of 1 to 256 characters") : undefined,
  },
  {
    reads: ["data.labels", "data.format", "task"],
    fault({ data, task }) {
      if (data.format !== "arrays" && data.format !== "images") return undefined;
      const byFolder = data.format === "images" && hasClasses(task);
      return byFolder && data.labels === undefined
        ? undefined
        : labelFault(task, data.labels, "a path, or sha256: and 64 hex digits");
    },
  },
  {
    reads: ["data.format", "task"],
    fault({ data: { format }, task }) {
      if (format === "text" && task !== "language-modeling")
        return `found "text" for ${task}, wanted it for language-modeling`;
      return task === "language-modeling" && format !== "text" && format !== "arrays"
        ? `found "${format}" for language-modeling, wanted text, or arrays of tokens`
        : undefined;
    },
  },
  {
    reads: ["data.vocabulary", "data.format", "task"],
    fault: ({ data, task }) =>
      task === "language-modeling" && data.format === "arrays" && data.vocabulary === undefined
        ? "is missing, wanted how many ids a token can be"
        : undefined,
  },
  {
    reads: ["architecture.type", "architecture", "task"],
    fault({ architecture: { type }, task }) {
      const wanted = ownArchitectures[task];
      if (wanted && !wanted.includes(type))
        return `found "${type}", wanted ${wanted.join(" or ")} for ${task}`;
      const only = taskOf[type];
      return only === undefined || only === task
        ? undefined
        : `found "${type}" for ${task}, wanted it for ${only}`;
    },
  },
  {
    reads: ["data.ids", "data", "architecture.type", "architecture"],
    fault: ({ data, architecture: { type } }) =>
      data.format === "text" && data.ids && type !== "onnx"
        ? `found a list, wanted none: "${type}" gives tokens ids of its own`
        : undefined,
  },
  {
    reads: ["data.idsFrom", "data", "architecture.type", "architecture"],
    fault({ data, architecture: { type } }) {
      if (data.format !== "arrays" || data.idsFrom === undefined) return undefined;
      if (data.vocabulary === undefined)
        return `found ${data.idsFrom}, wanted it with data.vocabulary`;
      return type === "onnx" ? undefined : `found ${data.idsFrom}, wanted none for "${type}"`;
    },
  },
  {
    reads: ["training.loss.labelSmoothing", "training.loss", "data", "task"],
    fault: ({ training: { loss }, data, task }) =>
      task === "language-modeling" &&
      hasIdsOfFile(data) &&
      "labelSmoothing" in loss &&
      loss.labelSmoothing > 0
        ? `found ${loss.labelSmoothing}, wanted 0: with ids of a file there are others, which it gives no score`
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

/** Whether ids of the data begin with some that are none of the file's. */
function hasIdsOfFile(data: JobSpec["data"]): boolean {
  if (data.format === "text") return data.ids !== undefined;
  return data.format === "arrays" && data.idsFrom === 1;
}

function labelFault(task: JobSpec["task"], found: string | undefined, wanted: string) {
  if (found === undefined) return hasLabels(task) ? `is missing, wanted ${wanted}` : undefined;
  const shown = JSON.stringify(found.slice(0, 80));
  return hasLabels(task) ? undefined : `found ${shown}, wanted none: ${task} has no labels`;
}
