/** ServerReady: the registry or the folder has been read once. A model that is being loaded changes nothing. */
import type { GRPCInferenceServiceDefinition } from "@amaas/proto/inference/grpc_service";
import type { Handlers } from "@amaas/rpc";
import type { Inference } from "../inference.ts";

export function serverReady({
  repository,
}: Inference): Handlers<GRPCInferenceServiceDefinition>["serverReady"] {
  return async () => ({ ready: repository.ready });
}
