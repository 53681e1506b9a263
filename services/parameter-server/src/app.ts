/** Composition root: configuration in, running service out. */
import { openBlobs } from "@amaas/blobs";
import type { ConfigOf } from "@amaas/config";
import { DomainError } from "@amaas/errors";
import { type Attachment, attach, TaskSet } from "@amaas/fleet";
import { NodeRole, type Task } from "@amaas/proto/amaas/scheduler/v1/fleet";
import type { App, ServiceContext } from "@amaas/service";
import { parseJobSpec } from "@amaas/spec";
import type { config } from "./config.ts";
import { createEvents } from "./events.ts";
import { handlers } from "./handlers/index.ts";
import { HostedShard } from "./hosted-shard.ts";
import { Shards } from "./shards.ts";

export async function createApp({
  config: settings,
  telemetry,
}: ServiceContext<ConfigOf<typeof config>>): Promise<App> {
  const blobs = openBlobs(settings.blobs);
  let attachment: Attachment | undefined;
  const events = createEvents(telemetry, (...line) => attachment?.log(...line));
  const changed = () => attachment?.changed();

  const shards = new Shards();
  const tasks = new TaskSet((task: Task) => {
    if (task.work?.$case !== "host")
      throw new DomainError("invalid-argument", `task ${task.id} is not for a parameter server`);
    const host = task.work.value;
    const parts = { blobs, events: events.of(task, host), changed };
    // What a shard does, and says, is in the trace of its job.
    return telemetry.tracer.with(task.traceparent, () =>
      shards.open(new HostedShard(task, host, parseJobSpec(task.spec), parts)),
    );
  });

  return {
    services: [handlers(shards)],
    listening(address) {
      attachment = attach({
        scheduler: settings.scheduler,
        node: settings.nodeId,
        role: NodeRole.PARAMETER_SERVER,
        address,
        threads: 1,
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
