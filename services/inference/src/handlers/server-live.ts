/** ServerLive: the process runs its event loop, or this would not be answered. */
import type { GRPCInferenceServiceDefinition } from "@amaas/proto/inference/grpc_service";
import type { Handlers } from "@amaas/rpc";

export function serverLive(): Handlers<GRPCInferenceServiceDefinition>["serverLive"] {
  return async () => ({ live: true });
}
