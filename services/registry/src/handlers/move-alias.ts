/** Registry.MoveAlias: compare-and-set where the caller states the revision that it saw. */
import type { RegistryDefinition } from "@amaas/proto/amaas/registry/v1/registry";
import type { Handlers } from "@amaas/rpc";
import { refuseFaults } from "../errors.ts";
import { aliasNameFaults, requireNames } from "../names.ts";
import type { Registry } from "../registry.ts";
import { reasonFaults } from "../text.ts";

export function moveAlias({
  aliases,
  outbox,
  events,
}: Registry): Handlers<RegistryDefinition>["moveAlias"] {
  return async ({ model, alias, version, expectedRevision, reason }, { traceparent }) => {
    refuseFaults("move an alias", [...aliasNameFaults("alias", alias), ...reasonFaults(reason)]);
    requireNames(model);
    const request = { model, alias, version, expectedRevision, reason };
    const moved = await aliases.move(request, traceparent);
    outbox.wake();
    events.aliasMoved("move", moved);
    return { alias: moved.alias };
  };
}
