/** Composition root: configuration in, running service out. */
import { openBlobs } from "@amaas/blobs";
import type { ConfigOf } from "@amaas/config";
import { createNode } from "@amaas/fleet";
import { NodeRole } from "@amaas/proto/amaas/scheduler/v1/fleet";
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
  const { nodeId, threads, rowsMemory, dataUrls } = settings;
  const blobs = openBlobs(settings.blobs);
  const node = createNode({
    scheduler: settings.scheduler,
    node: nodeId,
    role: NodeRole.TRAINER,
    threads,
    telemetry,
    starter({ changed, log }) {
      const events = createEvents(telemetry, log);
      return (task) => {
        switch (task.work?.$case) {
          case "prepare":
          case "package": {
            const parts = { blobs: settings.blobs, dataUrls, telemetry, events, changed };
            return runOneShot(task, task.work.$case, parts);
          }
          case "train": {
            const { value } = task.work;
            const spec = parseJobSpec(task.spec);
            const own = events.training(task);
            const placed = { node: nodeId, threads, rowsMemory };
            const parts = { blobs, telemetry, events: own, ...placed, changed };
            return telemetry.tracer.with(
              own.traceparent,
              () => new Training(task, value, spec, parts),
            );
          }
          default:
            throw foreignTask(task.id);
        }
      };
    },
  });
  return { services: [], ...node };
}
