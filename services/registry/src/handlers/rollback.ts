/**
 * Registry.Rollback: back to what was live before, further back each time.
 *
 * Two calls are two steps, so a caller must not repeat one that may have succeeded; `move-alias` with
 * the version and the revision seen is the call to repeat.
 */
import type { RegistryDefinition } from "@amaas/proto/amaas/registry/v1/registry";
import type { Handlers } from "@amaas/rpc";
import { refuseFaults } from "../errors.ts";
import { requireNames } from "../names.ts";
import type { Registry } from "../registry.ts";
import { reasonFaults } from "../text.ts";

export function rollback({
  aliases,
  outbox,
  events,
}: Registry): Handlers<RegistryDefinition>["rollback"] {
  return async ({ model, alias, reason }, { traceparent }) => {
    refuseFaults("roll an alias back", reasonFaults(reason));
    requireNames(model, alias);
    const moved = await aliases.rollback({ model, alias, reason }, traceparent);
    outbox.wake();
    events.aliasMoved("rollback", moved);
    return { alias: moved.alias };
  };
}
