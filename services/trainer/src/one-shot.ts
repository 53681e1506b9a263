/**
 * Tasks that a thread of its own computes once: preparing data, packaging a model.
 * Both are pure functions of the task, so a trainer that takes one over makes the same blobs.
 */
import { startThread } from "@amaas/engine";
import { persistently, type RunningTask } from "@amaas/fleet";
import {
  type Packaged,
  type Prepared,
  type Task,
  TaskState,
  type TaskStatus,
} from "@amaas/proto/amaas/scheduler/v1/fleet";
import type { Telemetry } from "@amaas/telemetry";
import type { TrainerEvents } from "./events.ts";
import type { OneShotApi } from "./one-shot.thread.ts";

type Detail = NonNullable<TaskStatus["detail"]>;

export interface OneShotParts {
  readonly blobs: string;
  readonly telemetry: Telemetry;
  readonly events: TrainerEvents;
  changed(): void;
}

export function runOneShot(
  task: Task,
  kind: "prepare" | "package",
  parts: OneShotParts,
): RunningTask {
  const { events, telemetry, changed } = parts;
  let state: TaskState = TaskState.RUNNING;
  let failure = "";
  let detail: Detail | undefined;
  const stop = new AbortController();

  const attempt = () => {
    const options = { parent: task.traceparent, attributes: { "amaas.job": task.job } };
    return telemetry.tracer.span(`trainer.${kind}`, options, () => compute(task, kind, parts));
  };
  const work = async (): Promise<void> => {
    const onProblem = (error: Error) => events.delayed(task, error);
    try {
      detail = await persistently(attempt, { signal: stop.signal, onProblem });
      state = TaskState.DONE;
      if (detail.$case === "prepared") events.remarks(task, detail.value);
      events.finished(task, kind, summary(detail));
    } catch (error) {
      if (stop.signal.aborted) return;
      state = TaskState.FAILED;
      failure = events.failed(task, kind, error);
    }
    changed();
  };
  const working = work();

  return {
    status: () => ({ id: task.id, state, failure, detail }),
    async stop() {
      stop.abort();
      await working;
    },
  };
}

async function compute(
  task: Task,
  kind: "prepare" | "package",
  { blobs }: OneShotParts,
): Promise<Detail> {
  const thread = startThread<OneShotApi>(new URL("./one-shot.thread.ts", import.meta.url), {
    name: kind,
  });
  try {
    if (kind === "prepare") {
      const value: Prepared = await thread.call("prepare", { spec: task.spec, blobs });
      return { $case: "prepared", value };
    }
    const { work, spec } = task;
    if (work?.$case !== "package") throw new Error("a package task came without its work");
    const value: Packaged = await thread.call("package", { spec, blobs, task: work.value });
    return { $case: "packaged", value };
  } finally {
    await thread.close();
  }
}

function summary(detail: Detail): string {
  if (detail.$case === "packaged") return `model packaged: ${detail.value.digest}`;
  if (detail.$case !== "prepared") return "done";
  const { training, validation, test, parameterCount, skippedRows } = detail.value;
  const rows = [training, validation, test].map((split) => split?.rows ?? 0).join("/");
  const skipped = skippedRows > 0 ? `, ${skippedRows} rows skipped` : "";
  return `data prepared: ${rows} rows (training/validation/test), ${parameterCount} parameters${skipped}`;
}
