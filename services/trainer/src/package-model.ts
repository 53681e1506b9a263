/** Package: the served ONNX file, which is the serving graph with the final weights in it. */
import { createHash, type Hash } from "node:crypto";
import { type BlobStore, openBlobs, parseDigest } from "@amaas/blobs";
import { readModel, withInitializers, writeModel } from "@amaas/graph";
import { ShardState } from "@amaas/proto/amaas/parameter_server/v1/parameter_server";
import type { Packaged, PackageTask, Prepared } from "@amaas/proto/amaas/scheduler/v1/fleet";
import { shardRange } from "@amaas/reduction";
import { onnxTypeOf, type Tensor, tensor } from "@amaas/tensor";
import { damaged, incomplete } from "./errors.ts";

export async function packageModel(args: {
  spec: unknown;
  blobs: string;
  task: PackageTask;
}): Promise<Packaged> {
  const { prepared } = args.task;
  if (!prepared) throw incomplete("preparation");
  const blobs = openBlobs(args.blobs);
  const weights = await assemble(prepared, args.task, blobs);
  const parameters = new Map<string, Tensor>();
  for (const { name, dims, offset } of prepared.parameters) {
    const length = dims.reduce((product, dim) => product * dim, 1);
    parameters.set(name, tensor("FP32", dims, weights.subarray(offset, offset + length)));
  }
  const serving = readModel(await blobs.get(parseDigest(prepared.servingGraph)));
  const { digest, size } = await blobs.put(writeModel(withInitializers(serving, parameters)));
  return { digest, bytes: size, weightsSha256: weightsSha256(parameters) };
}

/** The parameter vector out of the shards' final states. */
async function assemble(
  { parameterCount }: Prepared,
  { checkpoints, version }: PackageTask,
  blobs: BlobStore,
): Promise<Float32Array> {
  const weights = new Float32Array(parameterCount);
  for (const [shard, digest] of checkpoints.entries()) {
    const state = ShardState.decode(await blobs.get(parseDigest(digest)));
    const [from, to] = shardRange(parameterCount, shard, checkpoints.length);
    if (state.step !== version || state.weights.byteLength !== (to - from) * 4)
      throw damaged(`checkpoint ${digest} is not shard ${shard} at version ${version}`);
    new Uint8Array(weights.buffer, from * 4, (to - from) * 4).set(state.weights);
  }
  return weights;
}

/** Over the tensors sorted by name: name, zero, type and dims in decimal, zero, raw bytes. */
export function weightsSha256(parameters: ReadonlyMap<string, Tensor>): string {
  const hash = createHash("sha256");
  const names = [...parameters.keys()].sort();
  for (const name of names) hashTensor(hash, name, parameters.get(name));
  return hash.digest("hex");
}

function hashTensor(hash: Hash, name: string, value: Tensor | undefined): void {
  if (!value || !(value.data instanceof Float32Array))
    throw damaged(`${name} is no float32 tensor`);
  const { buffer, byteOffset, byteLength } = value.data;
  hash.update(`${name}\0${[onnxTypeOf(value.type), ...value.shape].join(",")}\0`);
  hash.update(new Uint8Array(buffer, byteOffset, byteLength));
}
