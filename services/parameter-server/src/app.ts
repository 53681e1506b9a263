/** Composition root: configuration in, running service out. */
import { openBlobs } from "@amaas/blobs";
import type { ConfigOf } from "@amaas/config";
import { DomainError } from "@amaas/errors";
import { createNode } from "@amaas/fleet";
import { NodeRole } from "@amaas/proto/amaas/scheduler/v1/fleet";
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
  const shards = new Shards();
  const node = createNode({
    scheduler: settings.scheduler,
    node: settings.nodeId,
    role: NodeRole.PARAMETER_SERVER,
    threads: 1,
    telemetry,
    starter({ changed, log }) {
      const events = createEvents(telemetry, log);
      return (task) => {
        if (task.work?.$case === "pause") return shards.pause(task, task.work.value.shard);
        if (task.work?.$case !== "host")
          throw new DomainError(
            "invalid-argument",
            `task ${task.id} is not for a parameter server`,
          );
        const host = task.work.value;
        const parts = { blobs, telemetry, events: events.of(task, host), changed };
        return shards.open(new HostedShard(task, host, parseJobSpec(task.spec), parts));
      };
    },
  });
  return { services: handlers(shards), ...node };
}
