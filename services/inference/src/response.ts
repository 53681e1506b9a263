/** From the engine's tensors to an infer response: always raw, views of the tensors' memory. */
import type { ModelInferRequest, ModelInferResponse } from "@amaas/proto/inference/grpc_service";
import { type Tensor, toRaw } from "@amaas/tensor";

export function inferResponse(
  { modelName, id }: ModelInferRequest,
  version: string,
  outputs: readonly { readonly name: string; readonly tensor: Tensor }[],
): ModelInferResponse {
  return {
    modelName,
    modelVersion: version,
    id,
    parameters: {},
    outputs: outputs.map(({ name, tensor }) => ({
      name,
      datatype: tensor.type,
      shape: tensor.shape.map(BigInt),
      parameters: {},
      contents: undefined,
    })),
    rawOutputContents: outputs.map(({ tensor }) => toRaw(tensor)),
  };
}
