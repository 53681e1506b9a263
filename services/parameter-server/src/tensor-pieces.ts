/** The tensors of which a range of the parameter vector holds a part. */
import type { ParameterRange } from "@amaas/optim";
import type { HostTask } from "@amaas/proto/amaas/scheduler/v1/fleet";
import { shardRange } from "@amaas/reduction";

export interface TensorPiece {
  /** Its place among the job's parameters. */
  readonly tensor: number;
  readonly range: ParameterRange;
}

/** `from` is where the range begins in the shard. */
export function piecesOf(
  range: ParameterRange,
  from: number,
  { prepared, shard, shards }: Pick<HostTask, "prepared" | "shard" | "shards">,
): TensorPiece[] {
  const [shardFrom] = shardRange(prepared?.parameterCount ?? 0, shard, shards);
  const begin = shardFrom + from;
  const { length } = range.weights;
  return (prepared?.parameters ?? []).flatMap(({ dims, offset }, tensor) => {
    const size = dims.reduce((product, dim) => product * dim, 1);
    const first = Math.max(0, offset - begin);
    const last = Math.min(length, offset + size - begin);
    if (first >= last) return [];
    const of = (vector: Float32Array) => vector.subarray(first, last);
    const { weights, gradient, slots } = range;
    return [
      {
        tensor,
        range: { weights: of(weights), gradient: of(gradient), slots: slots.map(of) },
      },
    ];
  });
}
