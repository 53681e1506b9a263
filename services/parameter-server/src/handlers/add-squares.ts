/** Norms.AddSquares: the squares of one shard's parts of vectors, answered with those of the whole. */
import type {
  AddSquaresRequest,
  AddSquaresResponse,
} from "@amaas/proto/amaas/parameter_server/v1/parameter_server";
import type { Shards } from "../shards.ts";

export function addSquares(shards: Shards) {
  return async (request: AddSquaresRequest): Promise<AddSquaresResponse> => {
    const lead = shards.get(request.job, request.generation, 0);
    return { squares: [...(await lead.normed().add(request))] };
  };
}
