/** The service's RPCs, total over its contract. */
import { ParameterServerDefinition } from "@amaas/proto/amaas/parameter_server/v1/parameter_server";
import { type Implementation, implement } from "@amaas/rpc";
import type { Shards } from "../shards.ts";
import { exchange } from "./exchange.ts";

export function handlers(shards: Shards): Implementation {
  return implement(ParameterServerDefinition, { exchange: exchange(shards) });
}
