/** The source that the configuration asks for, with what tells when to read it again. */
import { randomUUID } from "node:crypto";
import { openBlobs } from "@amaas/blobs";
import { type Bus, connectBus } from "@amaas/events";
import { RegistryDefinition } from "@amaas/proto/amaas/registry/v1/registry";
import { createClient } from "@amaas/rpc";
import type { Telemetry } from "@amaas/telemetry";
import type { Background } from "../background/background.ts";
import type { InferenceConfig } from "../config.ts";
import type { Events } from "../events.ts";
import type { Wanted } from "../model-version.ts";
import { FolderSource } from "./folder-source.ts";
import { RegistrySource } from "./registry-source.ts";
import { type SourceSettings, sourceSettings } from "./settings.ts";
import type { ModelSource } from "./source.ts";

export interface OpenSource {
  readonly source: ModelSource;
  /** Calls `changed` when something may have changed, until it is stopped. */
  watch(changed: () => void): void;
  stopWatching(): void;
  /** Tells the others that a version answers here. */
  announce(wanted: Wanted): void;
  close(): Promise<void>;
}

export interface OpenSourceParts {
  readonly config: InferenceConfig & { readonly nodeId: string };
  readonly telemetry: Telemetry;
  readonly events: Events;
  readonly background: Background;
  /** The one that the configuration asks for, unless another is given. */
  readonly bus: Bus | undefined;
}

export async function openSource(parts: OpenSourceParts): Promise<OpenSource> {
  const settings = sourceSettings(parts.config);
  return settings.kind === "folder" ? openFolder(settings, parts) : openRegistry(settings, parts);
}

type SettingsOf<K extends SourceSettings["kind"]> = Extract<SourceSettings, { kind: K }>;

function openFolder(
  settings: SettingsOf<"folder">,
  { background }: Pick<OpenSourceParts, "background">,
): OpenSource {
  let timer: NodeJS.Timeout | undefined;
  return {
    source: new FolderSource({ ...settings, background }),
    watch(changed) {
      if (settings.mode === "poll") timer = setInterval(changed, settings.pollMs);
    },
    stopWatching: () => clearInterval(timer),
    // There is nobody to be told.
    announce() {},
    async close() {},
  };
}

async function openRegistry(
  { address, blobsUrl, alias, pollMs }: SettingsOf<"registry">,
  { config: { natsUrl, nodeId }, telemetry, events, bus: given }: OpenSourceParts,
): Promise<OpenSource> {
  const registry = createClient(RegistryDefinition, address, { telemetry, deadlineMs: 5_000 });
  const bus = given ?? (await connectBus({ natsUrl, telemetry, name: nodeId }));
  let timer: NodeJS.Timeout | undefined;
  let moves: { close(): void } | undefined;
  return {
    source: new RegistrySource({ registry, blobs: openBlobs(blobsUrl), alias }),
    watch(changed) {
      moves = bus.subscribe("amaas.registry.alias.moved", changed);
      bus.onConnect(changed);
      timer = setInterval(changed, pollMs);
    },
    stopWatching() {
      clearInterval(timer);
      moves?.close();
    },
    announce(wanted) {
      const { model, version } = wanted;
      const data = { model, version, replica: nodeId };
      bus
        .publish({ subject: "amaas.inference.version.loaded", id: randomUUID(), data })
        .catch((error: unknown) => events.announcementLost(wanted, error));
    },
    async close() {
      await bus.close();
      registry.close();
    },
  };
}
