/** Registry.ListModels: models by name, page by page. */
import type { RegistryDefinition } from "@amaas/proto/amaas/registry/v1/registry";
import type { Handlers } from "@amaas/rpc";
import { refuseFaults } from "../errors.ts";
import type { Registry } from "../registry.ts";
import { textFaults } from "../text.ts";

const page = { usual: 100, largest: 1000 };

export function listModels({ models }: Registry): Handlers<RegistryDefinition>["listModels"] {
  return async ({ after, limit }) => {
    refuseFaults("list models", textFaults("after", after, 256));
    return { models: await models.list(after, Math.min(limit || page.usual, page.largest)) };
  };
}
