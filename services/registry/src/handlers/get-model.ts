/** Registry.GetModel: a model with its newest versions, its aliases and their history. */
import type { RegistryDefinition } from "@amaas/proto/amaas/registry/v1/registry";
import type { Handlers } from "@amaas/rpc";
import { requireNames } from "../names.ts";
import type { Registry } from "../registry.ts";

export function getModel({
  models,
  versions,
  aliases,
}: Registry): Handlers<RegistryDefinition>["getModel"] {
  return async ({ name }) => {
    requireNames(name);
    return {
      model: await models.get(name),
      versions: await versions.of(name),
      history: await aliases.historyOf(name),
    };
  };
}
