/** A shard between two steps, as bytes in the blob store and back. */
import type { BlobStore } from "@amaas/blobs";
import { parseDigest } from "@amaas/blobs";
import { DomainError } from "@amaas/errors";
import type { Optimizer } from "@amaas/optim";
import { ShardState as Message } from "@amaas/proto/amaas/parameter_server/v1/parameter_server";
import type { HostTask } from "@amaas/proto/amaas/scheduler/v1/fleet";
import { shardRange } from "@amaas/reduction";
import type { History } from "./conductor.ts";
import type { Keeping } from "./kept-weights.ts";
import type { ShardState } from "./shard-state.ts";
import { noSeries, seriesMessages, seriesOf } from "./step-series.ts";

export interface Saved {
  readonly state: ShardState;
  readonly keeping?: Keeping;
  /** Of shard 0. */
  readonly history?: History | undefined;
}

export interface Restored extends Saved {
  readonly keeping: Keeping;
  readonly history: History;
}

/** Loads the state that a task begins from. */
export async function restore(
  task: HostTask,
  optimizer: Optimizer,
  blobs: BlobStore,
): Promise<Restored> {
  const { prepared } = task;
  if (!prepared)
    throw new DomainError("invalid-argument", "a host task came without its preparation");
  const [from, to] = shardRange(prepared.parameterCount, task.shard, task.shards);
  const { weights, gradient, slots, spare, sums } = optimizer.reserve(to - from, 3);
  // Gradients of two workers, or of one that is a step ahead; snapshots are kept of two versions.
  const room = { gradients: [gradient, ...spare.slice(0, 1)], snapshots: spare.slice(1), sums };
  if (task.step === 0) {
    const digest = parseDigest(prepared.initialWeights);
    fill(weights, await blobs.get(digest, { offset: from * 4, length: (to - from) * 4 }));
    const scalars = optimizer.scalars();
    return {
      state: { step: 0, weights, slots, scalars, squares: [], room },
      keeping: { best: undefined, closed: false },
      history: { losses: [], evaluations: [], series: noSeries() },
    };
  }
  const message = Message.decode(await blobs.get(parseDigest(task.checkpoint)));
  if (message.step !== task.step)
    throw new DomainError(
      "data-loss",
      `a checkpoint of step ${task.step} holds step ${message.step}`,
    );
  const { step, powers, squares } = message;
  if (message.slots.length !== slots.length)
    throw new DomainError(
      "data-loss",
      `a checkpoint holds ${message.slots.length} vectors of optimizer state, wanted ${slots.length}`,
    );
  fill(weights, message.weights);
  for (const [at, slot] of slots.entries()) fill(slot, message.slots[at]);
  const scalars = { step, powers };
  const losses = [...new Float64Array(copyOf(message.losses))];
  const { keptStep, keptWeights, closed } = message;
  const best = keptStep > 0 ? { step: keptStep, weights: floats(keptWeights) } : undefined;
  return {
    state: { step, weights, slots, scalars, squares, room },
    keeping: { best, closed },
    history: { losses, evaluations: message.evaluations, series: seriesOf(message.series) },
  };
}

export async function save({ state, keeping, history }: Saved, blobs: BlobStore): Promise<string> {
  const message = Message.encode({
    step: state.step,
    weights: bytes(state.weights),
    slots: state.slots.map(bytes),
    powers: [...state.scalars.powers],
    losses: bytes(Float64Array.from(history?.losses ?? [])),
    evaluations: [...(history?.evaluations ?? [])],
    keptStep: keeping?.best?.step ?? 0,
    keptWeights: keeping?.best ? bytes(keeping.best.weights) : new Uint8Array(),
    closed: keeping?.closed ?? false,
    squares: [...state.squares],
    series: history ? seriesMessages(history.series) : [],
    averaged: state.averaged ?? false,
  });
  return (await blobs.put(message.finish())).digest;
}

function fill(vector: Float32Array, raw: Uint8Array | undefined): void {
  if (raw?.byteLength !== vector.byteLength)
    throw new DomainError(
      "data-loss",
      `a shard of ${vector.length} parameters was stored with ${(raw?.byteLength ?? 0) / 4}`,
    );
  new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength).set(raw);
}

function floats(raw: Uint8Array): Float32Array<ArrayBuffer> {
  return new Float32Array(copyOf(raw));
}

/** Aligned, and on its own: `slice` of a Buffer would be a view of the whole message. */
function copyOf(raw: Uint8Array): ArrayBuffer {
  return new Uint8Array(raw).buffer;
}

function bytes(values: Float32Array | Float64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
