/** From the engine's tensors to an infer response: always raw, views of the tensors' memory. */
import type { ModelInferRequest, ModelInferResponse } from "@amaas/proto/inference/grpc_service";
import { type Tensor, toRaw } from "@amaas/tensor";
import { classify } from "./classification.ts";
import type { ClassLabels } from "./model-version.ts";
import type { Requested } from "./request.ts";

/** `batched`: the first dimension of the outputs counts rows. */
export function inferResponse(
  { modelName, id }: ModelInferRequest,
  version: string,
  outputs: readonly (Requested & { readonly tensor: Tensor })[],
  batched: boolean,
  labels: ClassLabels | undefined,
): ModelInferResponse {
  const sent = outputs.map(({ name, classes, tensor }) => ({
    name,
    tensor: classes === 0 ? tensor : classify(name, tensor, classes, batched, labels?.get(name)),
  }));
  return {
    modelName,
    modelVersion: version,
    id,
    parameters: {},
    outputs: sent.map(({ name, tensor }) => ({
      name,
      datatype: tensor.type,
      shape: tensor.shape.map(BigInt),
      parameters: {},
      contents: undefined,
    })),
    rawOutputContents: sent.map(({ tensor }) => toRaw(tensor)),
  };
}
