/** The parts of the registry that its handlers work with; `app.ts` puts them together. */
import type { BlobStore } from "@amaas/blobs";
import type { Outbox } from "@amaas/database";
import type { Aliases } from "./aliases.ts";
import type { RegistryConfig } from "./config.ts";
import type { Events } from "./events.ts";
import type { Models } from "./models.ts";
import type { Versions } from "./versions.ts";

export interface Registry {
  readonly config: RegistryConfig;
  readonly models: Models;
  readonly versions: Versions;
  readonly aliases: Aliases;
  readonly blobs: BlobStore;
  readonly outbox: Pick<Outbox, "wake">;
  readonly events: Events;
}
