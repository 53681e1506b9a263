/** ServerMetadata: who answers, and the extensions of the protocol that are implemented: none yet. */
import type { GRPCInferenceServiceDefinition } from "@amaas/proto/inference/grpc_service";
import type { Handlers } from "@amaas/rpc";
import manifest from "../../package.json" with { type: "json" };

export function serverMetadata(): Handlers<GRPCInferenceServiceDefinition>["serverMetadata"] {
  return async () => ({ name: "amaas-inference", version: manifest.version, extensions: [] });
}
