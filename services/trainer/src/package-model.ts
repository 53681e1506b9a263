/**
 * Package: the served ONNX file, which is the serving graph with the final weights in it, and the
 * evaluation record, which says what it is worth.
 */
import { createHash, type Hash } from "node:crypto";
import { type BlobStore, openBlobs, parseDigest } from "@amaas/blobs";
import { readModel, withInitializers, writeModel } from "@amaas/graph";
import { ShardState } from "@amaas/proto/amaas/parameter_server/v1/parameter_server";
import type { Packaged, PackageTask, Prepared } from "@amaas/proto/amaas/scheduler/v1/fleet";
import { shardRange } from "@amaas/reduction";
import { parseJobSpec } from "@amaas/spec";
import { onnxTypeOf, type Tensor, tensor } from "@amaas/tensor";
import { damaged, incomplete } from "./errors.ts";
import { evaluate, type Subject } from "./evaluation/evaluate.ts";

export async function packageModel(args: {
  spec: unknown;
  blobs: string;
  task: PackageTask;
}): Promise<Packaged> {
  const { prepared } = args.task;
  if (!prepared) throw incomplete("preparation");
  const blobs = openBlobs(args.blobs);
  const { weights, history } = await assemble(prepared, args.task, blobs);
  const parameters = new Map<string, Tensor>();
  for (const { name, dims, offset } of prepared.parameters) {
    const length = dims.reduce((product, dim) => product * dim, 1);
    parameters.set(name, tensor("FP32", dims, weights.subarray(offset, offset + length)));
  }
  const serving = readModel(await blobs.get(parseDigest(prepared.servingGraph)));
  const { digest, size } = await blobs.put(writeModel(withInitializers(serving, parameters)));
  const spec = parseJobSpec(args.spec);
  const evaluation = await evaluate({ spec, prepared, parameters, ...history }, blobs);
  return { digest, bytes: size, weightsSha256: weightsSha256(parameters), ...evaluation };
}

type History = Pick<Subject, "losses" | "validations">;

/** The parameter vector out of the shards' final states, and what the lead has kept of the way there. */
async function assemble(
  { parameterCount }: Prepared,
  { checkpoints, version }: PackageTask,
  blobs: BlobStore,
): Promise<{ weights: Float32Array; history: History }> {
  const weights = new Float32Array(parameterCount);
  let history: History = { losses: [], validations: [] };
  for (const [shard, digest] of checkpoints.entries()) {
    const state = ShardState.decode(await blobs.get(parseDigest(digest)));
    const [from, to] = shardRange(parameterCount, shard, checkpoints.length);
    const values = state.averaged ? state.slots.at(-1) : state.weights;
    if (state.step !== version || values?.byteLength !== (to - from) * 4)
      throw damaged(`checkpoint ${digest} is not shard ${shard} at version ${version}`);
    new Uint8Array(weights.buffer, from * 4, (to - from) * 4).set(values);
    if (shard === 0) history = historyOf(state);
  }
  return { weights, history };
}

/** Without what was found at the last step, which a checkpoint of it may have or not. */
function historyOf({ step, losses, evaluations }: ShardState): History {
  const earlier = evaluations.filter((one) => one.split === "validation" && one.step < step);
  return {
    losses: [...new Float64Array(new Uint8Array(losses).buffer)],
    validations: earlier.map(({ metrics }) => metrics.loss ?? Number.NaN),
  };
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
