/**
 * RepositoryModelLoad: answered when the model is. What it was served with before goes on until then,
 * and for good if it cannot be loaded as it was asked for.
 */
import type { GRPCInferenceServiceDefinition } from "@amaas/proto/inference/grpc_service";
import type { Handlers } from "@amaas/rpc";
import type { Inference } from "../inference.ts";
import { loadOrder } from "../sources/load-order.ts";
import { namedModel } from "./named-model.ts";

export function repositoryModelLoad({
  repository,
}: Inference): Handlers<GRPCInferenceServiceDefinition>["repositoryModelLoad"] {
  return async (request) => {
    const model = namedModel(request);
    await repository.load(model, loadOrder(model, request.parameters));
    return { modelName: model, isLoaded: true };
  };
}
