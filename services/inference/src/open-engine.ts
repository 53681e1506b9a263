/** What models are opened with: the engine, the examination of what is new to it, and the cache on disk. */
import { homedir } from "node:os";
import { join } from "node:path";
import { availableCores, createEngine } from "@amaas/engine";
import type { Telemetry } from "@amaas/telemetry";
import type { Background } from "./background/background.ts";
import type { InferenceConfig } from "./config.ts";
import { createEngineEvents } from "./engine-events.ts";
import { Examiner } from "./examination/examiner.ts";
import { GraphCache } from "./examination/graph-cache.ts";
import { createLoader, type Loader } from "./loader.ts";

export interface OpenEngine {
  readonly loader: Loader;
  /** That models may keep busy. */
  readonly cores: number;
  close(): Promise<void>;
}

/** What the objects of a process of a model's may take; tensors are not among them. */
const heapMiB = 512;

export interface OpenEngineParts {
  readonly config: InferenceConfig;
  readonly telemetry: Telemetry;
  readonly background: Background;
}

export function openEngine({ config, telemetry, background }: OpenEngineParts): OpenEngine {
  const events = createEngineEvents(telemetry);
  const cores = coresOf(config);
  const engine = createEngine({
    sharedThreads: cores,
    runLimitMs: config.runLimitSeconds * 1000,
    processes: { heapMiB },
  });
  const examiner = new Examiner();
  const cache = new GraphCache({
    folder: config.cacheFolder ?? defaultFolder(config),
    mostBytes: config.cacheMebibytes * 2 ** 20,
    onTrouble: events.cacheTroubled,
  });
  const memoryIsScarce = config.memoryMebibytes > 0;
  const { tracer } = telemetry;
  const parts = { engine, examiner, cache, background, cores, memoryIsScarce, events, tracer };
  return {
    cores,
    loader: createLoader(parts),
    async close() {
      await examiner.close();
      await engine.close();
    },
  };
}

function coresOf({ threads }: Pick<InferenceConfig, "threads">): number {
  return threads === 0 ? availableCores() : threads;
}

function defaultFolder({ userCacheFolder }: InferenceConfig): string {
  return join(userCacheFolder ?? join(homedir(), ".cache"), "amaas", "graphs");
}
