/**
 * Predictions over the Open Inference Protocol: tensors in, tensors out, raw bytes both ways.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { DomainError, isDomainError } from "@amaas/errors";
import type {
  GRPCInferenceServiceDefinition,
  ModelInferResponse,
} from "@amaas/proto/inference/grpc_service";
import type { CallOptions, Client } from "@amaas/rpc";
import { type DataType, fromRaw, isDataType, type Tensor, toRaw } from "@amaas/tensor";

export interface PredictOptions {
  /** The server's choice (the alias it serves) where it is left out. */
  readonly version?: number;
  readonly traceparent?: string;
  readonly signal?: AbortSignal;
  readonly deadlineMs?: number;
}

export interface Prediction {
  readonly model: string;
  /** The version that answered. */
  readonly version: string;
  readonly outputs: Readonly<Record<string, Tensor>>;
}

export interface TensorMetadata {
  readonly name: string;
  readonly datatype: DataType;
  /** -1 where any size will do. */
  readonly shape: readonly number[];
}

export interface ModelMetadata {
  readonly name: string;
  readonly versions: readonly string[];
  readonly platform: string;
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
  /** The most rows that a request may have, where the model has batches. */
  readonly maxRows?: number;
}

type InferenceClient = Client<GRPCInferenceServiceDefinition>;

const pollMs = 50;

/** A server that is too busy is asked again when it says, until the deadline (30 seconds where none is given). */
export async function infer(
  client: InferenceClient,
  model: string,
  inputs: Readonly<Record<string, Tensor>>,
  options: PredictOptions = {},
): Promise<Prediction> {
  const { version, ...call } = options;
  const tensors = Object.entries(inputs);
  const response = await client.modelInfer(
    {
      modelName: model,
      modelVersion: version === undefined ? "" : String(version),
      inputs: tensors.map(([name, { type, shape }]) => ({
        name,
        datatype: type,
        shape: shape.map(BigInt),
      })),
      rawInputContents: tensors.map(([, tensor]) => toRaw(tensor)),
    },
    { ...call, retryBusy: true } satisfies CallOptions,
  );
  return {
    model: response.modelName,
    version: response.modelVersion,
    outputs: outputsOf(response),
  };
}

export async function modelMetadata(
  client: InferenceClient,
  name: string,
  version?: number,
): Promise<ModelMetadata> {
  const which = { name, version: version === undefined ? "" : String(version) };
  const [found, { config }] = await Promise.all([
    client.modelMetadata(which),
    client.modelConfig(which),
  ]);
  const known = (tensors: typeof found.inputs): TensorMetadata[] =>
    tensors.map(({ name, datatype, shape }) => ({
      name,
      datatype: checkedType(name, datatype),
      shape: shape.map(Number),
    }));
  return {
    name: found.name,
    versions: found.versions,
    platform: found.platform,
    inputs: known(found.inputs),
    outputs: known(found.outputs),
    ...(config && config.maxBatchSize > 0 ? { maxRows: config.maxBatchSize } : {}),
  };
}

/** Until the server says that it is ready to answer with this version. */
export async function waitServed(
  client: InferenceClient,
  model: string,
  version: number,
  { signal }: { signal?: AbortSignal } = {},
): Promise<void> {
  for (;;) {
    try {
      const request = { name: model, version: String(version) };
      if ((await client.modelReady(request, signal ? { signal } : {})).ready) return;
    } catch (error) {
      const mayComeYet = isDomainError(error, "not-found") || isDomainError(error, "unavailable");
      if (!mayComeYet || signal?.aborted) throw error;
    }
    await sleep(pollMs, undefined, signal ? { signal } : {});
  }
}

function outputsOf({ outputs, rawOutputContents }: ModelInferResponse): Record<string, Tensor> {
  if (outputs.length !== rawOutputContents.length)
    throw new DomainError(
      "internal",
      `the server answered ${outputs.length} outputs with the raw contents of ${rawOutputContents.length}`,
    );
  return Object.fromEntries(
    outputs.map(({ name, datatype, shape }, index) => {
      const raw = rawOutputContents[index] ?? new Uint8Array();
      return [name, fromRaw(checkedType(name, datatype), shape.map(Number), raw)] as const;
    }),
  );
}

function checkedType(name: string, datatype: string): DataType {
  if (isDataType(datatype)) return datatype;
  throw new DomainError("unimplemented", `tensor ${name} is of the unknown type ${datatype}`);
}
