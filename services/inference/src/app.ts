/** The inference service, put together: models that follow the registry, and a queue for them. */
import { randomUUID } from "node:crypto";
import { openBlobs } from "@amaas/blobs";
import { availableCores, createEngine } from "@amaas/engine";
import { type Bus, connectBus } from "@amaas/events";
import { RegistryDefinition } from "@amaas/proto/amaas/registry/v1/registry";
import { createClient, type RpcServer } from "@amaas/rpc";
import type { App, CommonConfig } from "@amaas/service";
import type { Telemetry } from "@amaas/telemetry";
import type { InferenceConfig } from "./config.ts";
import { createEvents } from "./events.ts";
import { handlers } from "./handlers/index.ts";
import { createInfer } from "./infer.ts";
import { loadedVersion } from "./loaded-version.ts";
import { createLoader } from "./loader.ts";
import type { Wanted } from "./model-version.ts";
import { Repository } from "./repository.ts";
import { RunQueue } from "./run-queue.ts";

export interface Parts {
  readonly config: InferenceConfig & Pick<CommonConfig, "nodeId">;
  readonly telemetry: Telemetry;
  /** The one that the configuration asks for, unless another is given. */
  readonly bus?: Bus;
}

export async function createApp(parts: Parts): Promise<App> {
  const { config, telemetry } = parts;
  const { tracer } = telemetry;
  const events = createEvents(telemetry);
  const blobs = openBlobs(config.blobsUrl);
  const registry = createClient(RegistryDefinition, config.registryAddress, {
    telemetry,
    deadlineMs: 5_000,
  });
  const { natsUrl, nodeId } = config;
  const bus = parts.bus ?? (await connectBus({ natsUrl, telemetry, name: nodeId }));

  const queue = new RunQueue({
    threads: config.threads,
    limit: config.queueLimit,
    byteLimit: config.queueMebibytes * 2 ** 20,
  });
  const engine = createEngine({
    sharedThreads: availableCores(),
    runLimitMs: 30_000,
    processes: { heapMiB: 512 },
  });
  const load = createLoader({ engine, blobs, threads: config.threads, tracer });

  let health: Pick<RpcServer, "setServing"> | undefined;
  const repository = new Repository({
    registry,
    alias: config.alias,
    open: async (wanted) => loadedVersion(wanted, await load(wanted), queue, events),
    onServing: (model, serving) => health?.setServing(model, serving),
    announce,
    events,
    tracer,
  });

  function announce(wanted: Wanted): void {
    const { model, version } = wanted;
    const data = { model, version, replica: config.nodeId };
    bus
      .publish({ subject: "amaas.inference.version.loaded", id: randomUUID(), data })
      .catch((error: unknown) => events.announcementLost(wanted, error));
  }

  const moves = bus.subscribe("amaas.registry.alias.moved", () => repository.refresh());
  bus.onConnect(() => repository.refresh());
  const timer = setInterval(() => repository.refresh(), config.pollSeconds * 1000);
  repository.refresh();

  return {
    services: handlers({ repository, events, infer: createInfer({ repository, events }) }),
    listening(_address, server) {
      health = server;
      for (const { name, serving } of repository.models())
        server.setServing(name, serving !== undefined);
    },
    ready: () => repository.ready || "the registry has not been read yet",
    async drain() {
      clearInterval(timer);
      moves.close();
      repository.stop();
      for (const { name } of repository.models()) health?.setServing(name, false);
    },
    async close() {
      clearInterval(timer);
      await repository.close();
      await engine.close();
      await bus.close();
      registry.close();
    },
  };
}
