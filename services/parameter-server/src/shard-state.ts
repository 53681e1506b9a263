/** A shard between two steps: all that the steps that follow depend on. */
import type { Scalars, VectorSums } from "@amaas/optim";
import type { Squares } from "@amaas/proto/amaas/parameter_server/v1/parameter_server";

export interface ShardState {
  readonly step: number;
  readonly weights: Float32Array<ArrayBuffer>;
  readonly slots: readonly Float32Array<ArrayBuffer>[];
  /** The shard's from now on, as the others are. */
  readonly room?: Room;
  readonly scalars: Scalars;
  /** Of the newest step, by chunk; none before the first. */
  readonly squares: readonly Squares[];
  /** The last of the slots is a mean of the weights, which the model is to have. */
  readonly averaged?: boolean;
}

/** Vectors as long as the weights, where they are added, summed and updated fastest. */
export interface Room {
  readonly gradients: readonly Float32Array<ArrayBuffer>[];
  readonly snapshots: readonly Float32Array<ArrayBuffer>[];
  readonly sums: VectorSums | undefined;
}
