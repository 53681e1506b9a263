/** Composition root: configuration in, running service out. */
import { openBlobs } from "@amaas/blobs";
import type { ConfigOf } from "@amaas/config";
import { type Attachment, attach, type RunningTask, TaskSet } from "@amaas/fleet";
import { NodeRole, type Task } from "@amaas/proto/amaas/scheduler/v1/fleet";
import type { App, ServiceContext } from "@amaas/service";
import { parseJobSpec } from "@amaas/spec";
import type { config } from "./config.ts";
import { foreignTask } from "./errors.ts";
import { createEvents } from "./events.ts";
import { runOneShot } from "./one-shot.ts";
import { Training } from "./training.ts";

export async function createApp({
  config: settings,
  telemetry,
}: ServiceContext<ConfigOf<typeof config>>): Promise<App> {
  const blobs = openBlobs(settings.blobs);
  let attachment: Attachment | undefined;
  const events = createEvents(telemetry, (...line) => attachment?.log(...line));
  const changed = () => attachment?.changed();

  const start = (task: Task): RunningTask => {
    switch (task.work?.$case) {
      case "prepare":
      case "package":
        return runOneShot(task, task.work.$case, {
          blobs: settings.blobs,
          telemetry,
          events,
          changed,
        });
      case "train": {
        const { value } = task.work;
        const { nodeId: node, threads } = settings;
        const parts = { blobs, telemetry, events: events.training(task), node, threads, changed };
        return telemetry.tracer.with(
          parts.events.traceparent,
          () => new Training(task, value, parseJobSpec(task.spec), parts),
        );
      }
      default:
        throw foreignTask(task.id);
    }
  };
  // What a task does, and says, is in the trace of its job.
  const tasks = new TaskSet((task) => telemetry.tracer.with(task.traceparent, () => start(task)));

  return {
    services: [],
    listening(address) {
      attachment = attach({
        scheduler: settings.scheduler,
        node: settings.nodeId,
        role: NodeRole.TRAINER,
        address,
        threads: settings.threads,
        telemetry,
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
