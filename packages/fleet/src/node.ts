/**
 * A node's life in the fleet, ready to be part of an App: attached once it listens, with the tasks
 * that it is told to have, which it ends before it leaves.
 */
import type { NodeRole, Task } from "@amaas/proto/amaas/scheduler/v1/fleet";
import type { Telemetry } from "@amaas/telemetry";
import { type Attachment, attach } from "./attach.ts";
import { type RunningTask, TaskSet } from "./task-set.ts";

/** What tasks tell the scheduler. */
export type Reports = Pick<Attachment, "changed" | "log">;

export interface NodeOptions {
  readonly scheduler: string;
  readonly node: string;
  readonly role: NodeRole;
  readonly threads: number;
  readonly telemetry: Telemetry;
  /** What starts a task. */
  starter(reports: Reports): (task: Task) => RunningTask;
}

export interface FleetNode {
  listening(address: string): void;
  drain(): Promise<void>;
  close(): Promise<void>;
}

export function createNode({ starter, ...options }: NodeOptions): FleetNode {
  const { tracer } = options.telemetry;
  let attachment: Attachment | undefined;
  const start = starter({
    changed: () => attachment?.changed(),
    log: (...line) => attachment?.log(...line),
  });
  // What a task does, and says, is in the trace of its job.
  const tasks = new TaskSet((task) => tracer.with(task.traceparent, () => start(task)));
  return {
    listening(address) {
      attachment = attach({
        ...options,
        address,
        describe: (fresh) => tasks.describe(fresh),
        assign: (wanted) => tasks.assign(wanted),
      });
    },
    async drain() {
      attachment?.drain();
      await tasks.close();
    },
    async close() {
      await attachment?.close();
    },
  };
}
