/** The routes of every RPC, or this does not compile: one that has none says so. */
import type { InferenceHandlers } from "../../handlers/index.ts";
import type { RouteTable } from "../route.ts";
import { inferRoutes } from "./infer.ts";
import { models } from "./models.ts";
import { repository } from "./repository.ts";
import { server } from "./server.ts";
import { settings } from "./settings.ts";
import { sharedMemory } from "./shared-memory.ts";
import { predictRoutes, v1 } from "./v1.ts";

export interface RouteParts {
  /** The largest JSON that is read or written. */
  readonly jsonBytes: number;
  readonly metadata: InferenceHandlers["modelMetadata"];
}

export function createRoutes(parts: RouteParts): RouteTable {
  return {
    ...server,
    ...models,
    modelReady: [...models.modelReady, ...v1.modelReady],
    modelInfer: [...inferRoutes(parts), ...predictRoutes(parts)],
    ...repository,
    repositoryIndex: [...repository.repositoryIndex, ...v1.repositoryIndex],
    ...settings,
    ...sharedMemory,
  };
}
