/** What the labels of a task are. */
import type { Task } from "./job-spec.ts";

const labels: { readonly [T in Task]: "class" | "number" | undefined } = {
  classification: "class",
  regression: "number",
  embedding: "class",
  reconstruction: undefined,
  "language-modeling": undefined,
};

/** Whether rows of a task come with labels; others are their own. */
export function hasLabels(task: Task): boolean {
  return labels[task] !== undefined;
}

/** Whether labels of a task are names of classes. */
export function hasClasses(task: Task): boolean {
  return labels[task] === "class";
}
