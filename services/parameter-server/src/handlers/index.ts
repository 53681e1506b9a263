/** The service's RPCs, total over its contracts. */
import {
  NormsDefinition,
  ParameterServerDefinition,
} from "@amaas/proto/amaas/parameter_server/v1/parameter_server";
import { type Implementation, implement } from "@amaas/rpc";
import type { Shards } from "../shards.ts";
import { addSquares } from "./add-squares.ts";
import { exchange } from "./exchange.ts";
import { getSummed } from "./get-summed.ts";

export function handlers(shards: Shards): Implementation[] {
  return [
    implement(ParameterServerDefinition, { exchange: exchange(shards) }),
    implement(NormsDefinition, {
      addSquares: addSquares(shards),
      getSummed: getSummed(shards),
    }),
  ];
}
