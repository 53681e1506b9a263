/** Registry.ListAliases: where every alias stands, with what a server needs to load it. */
import type { RegistryDefinition } from "@amaas/proto/amaas/registry/v1/registry";
import type { Handlers } from "@amaas/rpc";
import { refuseFaults } from "../errors.ts";
import { aliasNameFaults } from "../names.ts";
import type { Registry } from "../registry.ts";

export function listAliases({ aliases }: Registry): Handlers<RegistryDefinition>["listAliases"] {
  return async ({ alias }) => {
    if (alias !== "") refuseFaults("list aliases", aliasNameFaults("alias", alias));
    return { entries: await aliases.list(alias) };
  };
}
