/** Norms.GetSummed: the steps of which shard 0 has all gradients. */
import type {
  GetSummedRequest,
  GetSummedResponse,
} from "@amaas/proto/amaas/parameter_server/v1/parameter_server";
import type { Shards } from "../shards.ts";

export function getSummed(shards: Shards) {
  return async ({ job, generation }: GetSummedRequest): Promise<GetSummedResponse> => ({
    steps: shards.get(job, generation, 0).normed().summed(),
  });
}
