/**
 * The model that a load or an unload is about. Triton's clients name it in field 2; KServe's in field 1,
 * which is Triton's name of a repository, of which there is one here.
 */
import { modelNotNamed, repositoryNamed } from "../errors.ts";

export function namedModel({
  repositoryName,
  modelName,
}: {
  readonly repositoryName: string;
  readonly modelName: string;
}): string {
  if (modelName !== "" && repositoryName !== "") throw repositoryNamed(repositoryName);
  const model = modelName || repositoryName;
  if (model === "") throw modelNotNamed();
  return model;
}
