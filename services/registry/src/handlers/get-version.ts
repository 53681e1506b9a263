/** Registry.GetVersion: a version by its number or by an alias. */
import type { RegistryDefinition } from "@amaas/proto/amaas/registry/v1/registry";
import type { Handlers } from "@amaas/rpc";
import { faulty } from "../errors.ts";
import { requireNames } from "../names.ts";
import type { Registry } from "../registry.ts";

export function getVersion({
  versions,
  aliases,
}: Registry): Handlers<RegistryDefinition>["getVersion"] {
  return async ({ model, which }) => {
    requireNames(model);
    switch (which?.$case) {
      case "version":
        return { version: await versions.get(model, which.value) };
      case "alias":
        requireNames(model, which.value);
        return { version: await aliases.resolve({ model, alias: which.value }) };
      case undefined:
        throw faulty("get a version", [
          { field: "which", description: "is missing; give a version or an alias" },
        ]);
    }
  };
}
