/**
 * RepositoryModelUnload: the model answers nobody from now on; requests that it has are still answered.
 * A model that is not served is none the worse. `unload_dependents` changes nothing: none has any.
 */
import type { GRPCInferenceServiceDefinition } from "@amaas/proto/inference/grpc_service";
import type { Handlers } from "@amaas/rpc";
import type { Inference } from "../inference.ts";
import { unloadedVersion } from "../sources/load-order.ts";
import { namedModel } from "./named-model.ts";

export function repositoryModelUnload({
  repository,
}: Inference): Handlers<GRPCInferenceServiceDefinition>["repositoryModelUnload"] {
  return async (request) => {
    const model = namedModel(request);
    await repository.unload(model, unloadedVersion(model, request.parameters));
    return { modelName: model, isUnloaded: true };
  };
}
