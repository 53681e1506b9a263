/** ModelInfer: one request, one answer. */
import type { GRPCInferenceServiceDefinition } from "@amaas/proto/inference/grpc_service";
import type { Handlers } from "@amaas/rpc";
import type { Inference } from "../inference.ts";

export function modelInfer({
  infer,
}: Inference): Handlers<GRPCInferenceServiceDefinition>["modelInfer"] {
  return infer;
}
