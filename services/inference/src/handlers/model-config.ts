/** ModelConfig: what a version is served with, what was written down for it and what the model added. */
import type { GRPCInferenceServiceDefinition } from "@amaas/proto/inference/grpc_service";
import type { Handlers } from "@amaas/rpc";
import type { Inference } from "../inference.ts";

export function modelConfig({
  repository,
}: Inference): Handlers<GRPCInferenceServiceDefinition>["modelConfig"] {
  return async ({ name, version }) => {
    const { loaded, release } = repository.hold(name, version);
    release();
    return { config: loaded.config };
  };
}
