/**
 * The model that a load or an unload is about. Triton's clients name it in field 2; KServe's in field 1,
 * which is Triton's name of a repository, of which there is one here.
 */
import { modelNotNamed } from "../errors.ts";

export function namedModel(request: {
  readonly repositoryName: string;
  readonly modelName: string;
}): string {
  const model = request.modelName || request.repositoryName;
  if (model === "") throw modelNotNamed();
  return model;
}
