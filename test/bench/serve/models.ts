/**
 * The models of the benchmark, with weights as training begins with, and a request of one row for each: a
 * ResNet-18 with the small stem, a BERT-small (4 layers, 512 wide, 8 heads, 128 tokens) and a tiny MLP whose
 * arithmetic costs next to nothing. Their cost does not depend on the weights.
 */
import { modelOf, withInitializers, writeModel } from "@amaas/graph";
import { buildNetwork, initialValues, layout, type NetworkSize } from "@amaas/nn";
import { ModelInferRequest } from "@amaas/proto/inference/grpc_service";
import { parseArchitecture } from "@amaas/spec";
import { type Tensor, tensor } from "@amaas/tensor";

export interface ServedModel {
  readonly onnx: Uint8Array;
  /** Of a row. */
  readonly features: number;
  readonly maxBatch: number;
  row(): Float32Array<ArrayBuffer>;
}

interface Sized {
  readonly architecture: object;
  readonly size: NetworkSize;
  readonly maxBatch: number;
  readonly value: (index: number) => number;
}

const table = {
  resnet18: {
    architecture: { type: "resnet", blocks: [2, 2, 2, 2], width: 64, norm: "group" },
    size: { features: 3 * 32 * 32, outputs: 10, shape: [3, 32, 32] },
    maxBatch: 16,
    value: (index) => Math.sin(index),
  },
  bert: {
    architecture: { type: "transformer", width: 512, heads: 8, layers: 4 },
    size: { features: 128, outputs: 2, shape: [128], vocabulary: 30_522 },
    maxBatch: 8,
    value: (index) => 1 + ((index * 7919) % 30_000),
  },
  tiny: {
    architecture: { type: "mlp", hidden: [16], activation: "relu" },
    size: { features: 16, outputs: 4 },
    maxBatch: 64,
    value: (index) => index / 16,
  },
} satisfies Record<string, Sized>;

export type ModelName = keyof typeof table;
export const modelNames = Object.keys(table) as ModelName[];

export function servedModel(name: ModelName): ServedModel {
  const { architecture, size, maxBatch, value }: Sized = table[name];
  const network = buildNetwork(parseArchitecture(architecture), size);
  const values = initialValues(network.parameters, 0);
  const weights = new Map<string, Tensor>(
    layout(network.parameters).map(({ name: parameter, shape, offset, length }) => [
      parameter,
      tensor("FP32", shape, values.slice(offset, offset + length)),
    ]),
  );
  return {
    onnx: writeModel(withInitializers(modelOf(network.graph), weights)),
    features: size.features,
    maxBatch,
    row: () => Float32Array.from({ length: size.features }, (_, index) => value(index)),
  };
}

/** A request as gRPC puts it on the wire, with so many rows. */
export function requestFrame(model: string, { features, row }: ServedModel, rows = 1): Buffer {
  const data = new Float32Array(rows * features);
  for (let at = 0; at < rows; at++) data.set(row(), at * features);
  const message = ModelInferRequest.encode(
    ModelInferRequest.fromPartial({
      modelName: model,
      inputs: [{ name: "features", datatype: "FP32", shape: [BigInt(rows), BigInt(features)] }],
      rawInputContents: [new Uint8Array(data.buffer)],
    }),
  ).finish();
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
