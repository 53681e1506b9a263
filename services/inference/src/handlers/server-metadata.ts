/** ServerMetadata: who answers, and the extensions of the protocol that are implemented. */
import type { GRPCInferenceServiceDefinition } from "@amaas/proto/inference/grpc_service";
import type { Handlers } from "@amaas/rpc";
import manifest from "../../package.json" with { type: "json" };
import type { Inference } from "../inference.ts";

/** In Triton's words; clients choose by them what they call. */
const extensions = [
  "classification",
  "model_repository",
  "schedule_policy",
  "model_configuration",
  "binary_tensor_data",
  "parameters",
  "statistics",
  "trace",
  "logging",
];

export function serverMetadata({
  serverName,
}: Inference): Handlers<GRPCInferenceServiceDefinition>["serverMetadata"] {
  return async () => ({ name: serverName, version: manifest.version, extensions });
}
