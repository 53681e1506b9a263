/** ModelMetadata: what a model takes and gives; -1 is a size that may vary. */
import type { ValueSpec } from "@amaas/engine";
import type {
  GRPCInferenceServiceDefinition,
  ModelMetadataResponse_TensorMetadata as TensorMetadata,
} from "@amaas/proto/inference/grpc_service";
import type { Handlers } from "@amaas/rpc";
import type { Inference } from "../inference.ts";
import { wireShape } from "../shape.ts";

export function modelMetadata({
  repository,
}: Inference): Handlers<GRPCInferenceServiceDefinition>["modelMetadata"] {
  return async ({ name, version }) => {
    const { loaded, release } = repository.hold(name, version);
    release();
    return {
      name,
      versions: repository.versions(name).map(String),
      platform: "onnxruntime_onnx",
      inputs: loaded.signature.inputs.map(metadataOf),
      outputs: loaded.signature.outputs.map(metadataOf),
    };
  };
}

function metadataOf(value: ValueSpec): TensorMetadata {
  return { name: value.name, datatype: value.type, shape: wireShape(value).map(BigInt) };
}
