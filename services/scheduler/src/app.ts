/** Puts the scheduler together: the only place where its parts meet. */
import { type BlobStore, openBlobs } from "@amaas/blobs";
import type { ConfigOf } from "@amaas/config";
import { openDatabase, startOutbox } from "@amaas/database";
import { connectBus } from "@amaas/events";
import { RegistryDefinition } from "@amaas/proto/amaas/registry/v1/registry";
import { createClient } from "@amaas/rpc";
import type { App, ServiceContext } from "@amaas/service";
import type { Telemetry } from "@amaas/telemetry";
import type { configTable } from "./config.ts";
import { createEvents, type SchedulerEvents } from "./events.ts";
import { Fleet } from "./fleet.ts";
import { implementations } from "./handlers/index.ts";
import { JobLog } from "./job-log.ts";
import { Ledger } from "./ledger.ts";
import { Loop } from "./loop.ts";
import type { Registry } from "./register.ts";
import { Registrar } from "./registrar.ts";
import { Store } from "./store.ts";
import { migrations, prefix, type Tables } from "./tables.ts";
import { Watchers } from "./watch.ts";

/** What the handlers work with. */
export interface Scheduler {
  readonly ledger: Ledger;
  readonly fleet: Fleet;
  readonly loop: Loop;
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly registry: Registry;
  readonly jobLog: JobLog;
  /** Told by a job's id when the job, or its log, has changed. */
  readonly jobWatchers: Watchers;
  readonly logWatchers: Watchers;
  readonly events: SchedulerEvents;
  readonly telemetry: Telemetry;
  readonly now: () => number;
}

type Context = Pick<ServiceContext<ConfigOf<typeof configTable>>, "config" | "telemetry">;

export async function createApp({ config, telemetry }: Context): Promise<App> {
  const now = Date.now;
  const { databaseUrl: url, natsUrl, nodeId } = config;
  const blobs = openBlobs(config.blobsUrl);
  const database = await openDatabase<Tables>({ url, migrations, telemetry });
  const bus = await connectBus({ natsUrl, telemetry, name: nodeId });
  const outbox = startOutbox({ database, prefix, bus, telemetry });
  const registry = createClient(RegistryDefinition, config.registryAddress, {
    telemetry,
    // The registrar asks again by itself, and lets the job say what it waits for.
    retry: false,
    deadlineMs: 10_000,
  });

  const store = new Store(database);
  const jobWatchers = new Watchers();
  const logWatchers = new Watchers();
  const jobLog = new JobLog({ store, watchers: logWatchers, telemetry });
  const events = createEvents({ telemetry, nodeId, jobLog, now });
  const ledger = new Ledger({ store, watchers: jobWatchers, events, changed: () => outbox.wake() });
  await ledger.load();
  const fleet = new Fleet({ graceMs: config.graceSeconds * 1_000, now });
  const registrar = new Registrar({ ledger, registry, events, telemetry, now });
  const loop = new Loop({ ledger, fleet, registrar, events, telemetry, now });
  loop.wake();

  const scheduler: Scheduler = {
    ledger,
    fleet,
    loop,
    store,
    blobs,
    registry,
    jobLog,
    jobWatchers,
    logWatchers,
    events,
    telemetry,
    now,
  };
  return {
    services: implementations(scheduler),
    ready: () => loop.fault ?? true,
    async drain() {
      // First: nodes that leave one after the other must not look like nodes that are lost.
      await loop.close();
      fleet.close();
      jobWatchers.close();
      logWatchers.close();
    },
    async close() {
      await loop.close();
      await registrar.close();
      fleet.close();
      registry.close();
      await jobLog.flush();
      await outbox.close();
      await bus.close();
      await database.close();
    },
  };
}
