/**
 * Tasks that are computed once, beside the event loop: preparing data, packaging a model.
 * Both are pure functions of the task, so a trainer that takes one over makes the same blobs.
 */
import { callProcess, startThread } from "@amaas/engine";
import { persistently, type RunningTask } from "@amaas/fleet";
import {
  type Packaged,
  type Task,
  TaskState,
  type TaskStatus,
} from "@amaas/proto/amaas/scheduler/v1/fleet";
import type { Telemetry } from "@amaas/telemetry";
import { mortal } from "./deaths.ts";
import type { TrainerEvents } from "./events.ts";
import type { OneShotApi } from "./one-shot.thread.ts";
import type { PrepareApi } from "./prepare.process.ts";
import type { AllowedUrls } from "./urls/allowed-urls.ts";

/** Of the objects of a preparation; what becomes of columns is beside them. */
const HEAP_MIB = 2_048;

type Detail = NonNullable<TaskStatus["detail"]>;

export interface OneShotParts {
  readonly blobs: string;
  /** Where data may be read from besides. */
  readonly dataUrls: AllowedUrls;
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

  const attempt = mortal(() => {
    const options = { parent: task.traceparent, attributes: { "amaas.job": task.job } };
    return telemetry.tracer.span(`trainer.${kind}`, options, () =>
      compute(task, kind, parts, stop.signal),
    );
  }, HEAP_MIB);
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

function compute(
  task: Task,
  kind: "prepare" | "package",
  parts: OneShotParts,
  signal: AbortSignal,
): Promise<Detail> {
  return kind === "prepare" ? prepare(task, parts, signal) : packageModel(task, parts);
}

/** In a process, since whoever made the files may have made them to take its memory or worse. */
async function prepare(
  { spec }: Task,
  { blobs, dataUrls }: OneShotParts,
  signal: AbortSignal,
): Promise<Detail> {
  const url = new URL("./prepare.process.ts", import.meta.url);
  const options = { name: "prepare", heapMiB: HEAP_MIB, signal };
  const value = await callProcess<PrepareApi, "prepare">(url, options, "prepare", {
    spec,
    blobs,
    dataUrls,
  });
  return { $case: "prepared", value };
}

async function packageModel({ work, spec }: Task, { blobs }: OneShotParts): Promise<Detail> {
  if (work?.$case !== "package") throw new Error("a package task came without its work");
  const url = new URL("./one-shot.thread.ts", import.meta.url);
  const thread = startThread<OneShotApi>(url, { name: "package" });
  try {
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
