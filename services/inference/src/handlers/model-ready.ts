/** ModelReady: whether a request for the model, or for that version of it, would be answered. */
import type { GRPCInferenceServiceDefinition } from "@amaas/proto/inference/grpc_service";
import type { Handlers } from "@amaas/rpc";
import type { Inference } from "../inference.ts";

export function modelReady({
  repository,
}: Inference): Handlers<GRPCInferenceServiceDefinition>["modelReady"] {
  return async ({ name, version }) => ({ ready: repository.serves(name, version) });
}
