/** RepositoryIndex: every model and version there is, how it stands, and why it does not answer. */
import type { GRPCInferenceServiceDefinition } from "@amaas/proto/inference/grpc_service";
import type { Handlers } from "@amaas/rpc";
import { repositoryNamed } from "../errors.ts";
import type { Inference } from "../inference.ts";

export function repositoryIndex({
  repository,
}: Inference): Handlers<GRPCInferenceServiceDefinition>["repositoryIndex"] {
  return async ({ repositoryName, ready }) => {
    if (repositoryName !== "") throw repositoryNamed(repositoryName);
    const models = await repository.index();
    return { models: ready ? models.filter(({ state }) => state === "READY") : models };
  };
}
