/** The registry, put together: tables, blobs and the outbox behind two gRPC services. */
import { openBlobs } from "@amaas/blobs";
import { openDatabase, startOutbox } from "@amaas/database";
import { type Bus, connectBus } from "@amaas/events";
import type { App, CommonConfig } from "@amaas/service";
import type { Telemetry } from "@amaas/telemetry";
import { Aliases } from "./aliases.ts";
import type { RegistryConfig } from "./config.ts";
import { createEvents } from "./events.ts";
import { handlers } from "./handlers/index.ts";
import { migrations } from "./migrations.ts";
import { Models } from "./models.ts";
import { prefix, type Tables } from "./tables.ts";
import { Versions } from "./versions.ts";

export interface Parts {
  readonly config: RegistryConfig & Pick<CommonConfig, "nodeId">;
  readonly telemetry: Telemetry;
  /** The one that the configuration asks for, unless another is given. */
  readonly bus?: Bus;
}

export async function createApp(parts: Parts): Promise<App> {
  const { config, telemetry } = parts;
  const blobs = openBlobs(config.blobsUrl);
  const database = await openDatabase<Tables>({ url: config.databaseUrl, migrations, telemetry });
  const { natsUrl, nodeId } = config;
  const bus = parts.bus ?? (await connectBus({ natsUrl, telemetry, name: nodeId }));
  const outbox = startOutbox({ database, prefix, bus, telemetry });

  const services = handlers({
    config,
    blobs,
    outbox,
    models: new Models(database),
    versions: new Versions(database),
    aliases: new Aliases(database),
    events: createEvents(telemetry),
  });

  return {
    services,
    async close() {
      await outbox.close();
      await bus.close();
      await database.close();
    },
  };
}
