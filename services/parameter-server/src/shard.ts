/**
 * One range of a job's parameters: adds gradients in the fixed tree, applies the optimizer.
 *
 * The range is cut into chunks, and a chunk is applied and handed out as soon as its own tree is
 * complete; the shard's step grows when all chunks have been applied. Where a step depends on the
 * length of something, complete chunks are held until that is known. Nothing here awaits, and a turn
 * of the event loop handles one chunk at most.
 */
import { crc32 } from "node:zlib";
import type { Optimizer, ParameterRange, Scalars, VectorSums } from "@amaas/optim";
import type { Squares } from "@amaas/proto/amaas/parameter_server/v1/parameter_server";
import { addInto, chunkRanges, isNode, SumTree, type TreeNode } from "@amaas/reduction";
import { BufferPool } from "./buffer-pool.ts";
import { malformed } from "./errors.ts";
import type { ShardState } from "./shard-state.ts";
import { Snapshot } from "./snapshot.ts";
import { squaresOfUpdate, sumOfSquares } from "./squares.ts";

export interface Gradient extends TreeNode {
  readonly version: number;
  readonly chunk: number;
  readonly samples: number;
  readonly bytes: Uint8Array;
}

/**
 * `held`: completes a chunk that is not to be applied yet. `late`: of a step that is over. `corrupt`:
 * a repeat that differs from the first.
 */
export type Receipt = "added" | "held" | "applied" | "late" | "duplicate" | "corrupt";

/** A chunk with the whole sum of its gradients. */
export interface Sum {
  /** Where it begins in the shard. */
  readonly from: number;
  readonly range: ParameterRange;
  readonly samples: number;
}

interface Summand {
  readonly values: Float32Array<ArrayBuffer>;
  samples: number;
}

interface Chunk {
  readonly from: number;
  readonly to: number;
  version: number;
  tree: SumTree<Summand>;
  /** Checksum of each node that came in this step. */
  seen: Map<string, number>;
  /** Squares of the mean gradient that has come in whole, and of the newest step, if one is known. */
  gradient: number;
  squares: Squares | undefined;
  /** Newest, and the one before: a late joiner may need both. */
  readonly snapshots: Snapshot[];
}

export class Shard {
  readonly #optimizer: Optimizer;
  readonly #leaves: number;
  readonly #weights: Float32Array<ArrayBuffer>;
  readonly #slots: readonly Float32Array<ArrayBuffer>[];
  readonly #chunks: Chunk[];
  readonly #gradients: BufferPool;
  readonly #snapshots: BufferPool;
  readonly #sums: VectorSums | undefined;
  /** Of the newest step applied, and of the one to apply next. */
  #applied: Scalars;
  #scalars: Scalars;
  #step: number;
  /** Chunks that the current step still lacks. */
  #behind: number;
  readonly #holds: boolean;
  /** Chunks that are complete and not applied. */
  #held = 0;
  #begun = false;

  constructor(state: ShardState, optimizer: Optimizer, leaves: number, holds = false) {
    this.#holds = holds;
    this.#optimizer = optimizer;
    this.#leaves = leaves;
    this.#weights = state.weights;
    this.#slots = state.slots;
    this.#step = state.step;
    this.#applied = state.scalars;
    this.#scalars = optimizer.advance(state.scalars);
    const ranges = chunkRanges(state.weights.length);
    // A worker may be a whole step ahead of the one that completes its sums.
    this.#gradients = new BufferPool(2 * ranges.length);
    this.#snapshots = new BufferPool(2 * ranges.length);
    const { room } = state;
    this.#sums = room?.sums;
    for (const range of ranges) {
      for (const each of room?.gradients ?? []) this.#gradients.reserve(each.subarray(...range));
      for (const each of room?.snapshots ?? []) this.#snapshots.reserve(each.subarray(...range));
    }
    this.#chunks = ranges.map((range, chunk) =>
      this.#openChunk(chunk, range, state.squares[chunk]),
    );
    this.#behind = this.#chunks.length;
  }

  /** Steps applied to the whole range. */
  get step(): number {
    return this.#step;
  }

  /** Whether anything has come for the step that follows. */
  get begun(): boolean {
    return this.#begun;
  }

  get chunks(): number {
    return this.#chunks.length;
  }

  /** What a worker that joins now needs, oldest first. */
  snapshots(): Snapshot[] {
    const all = this.#chunks.flatMap((chunk) => chunk.snapshots);
    return all.sort((a, b) => a.version - b.version);
  }

  /** Leaves that some chunk of the current step still lacks. */
  missing(): number[] {
    const leaves = new Set<number>();
    for (const chunk of this.#chunks) {
      if (chunk.version === this.#step) for (const leaf of chunk.tree.missing()) leaves.add(leaf);
    }
    return [...leaves].sort((a, b) => a - b);
  }

  /** Takes a gradient in. When it completes its chunk, `applied` is called with the new weights. */
  contribute(gradient: Gradient, applied: (snapshot: Snapshot) => void): Receipt {
    const chunk = this.#check(gradient);
    if (gradient.version < chunk.version) return "late";
    const { samples, bytes } = gradient;
    const name = `${gradient.level}/${gradient.index}`;
    if (chunk.tree.check(gradient) === "duplicate") {
      const first = chunk.seen.get(name);
      return first !== undefined && first !== crc32(bytes) ? "corrupt" : "duplicate";
    }
    this.#begun = true;
    const replaced = chunk.tree.add(gradient, { values: this.#gradients.take(bytes), samples });
    for (const { values } of replaced) this.#gradients.give(values);
    if (!chunk.tree.complete) {
      chunk.seen.set(name, crc32(bytes));
      return "added";
    }
    const { range, samples: all } = this.#sum(chunk);
    // Before anything is made of the gradient: clipping and some optimizers write into it.
    const squares = this.#sums?.squares(range.gradient) ?? sumOfSquares(range.gradient);
    chunk.gradient = squares / all ** 2;
    if (this.#holds) {
      this.#held += 1;
      return "held";
    }
    applied(this.#apply(chunk, gradient.chunk, this.#optimizer.update));
    return "applied";
  }

  /** All sums of the step, once they are here and held. */
  held(): Sum[] | undefined {
    return this.#held === this.#chunks.length ? this.#chunks.map((c) => this.#sum(c)) : undefined;
  }

  /** Of the step that the held sums are of. */
  get scalars(): Scalars {
    return this.#scalars;
  }

  /** Applies what is held of a chunk, once for each, in its own way. */
  applyHeld(index: number, update: Optimizer["update"]): Snapshot {
    const chunk = this.#chunks[index];
    if (!chunk || chunk.version !== this.#step || this.#held < this.#chunks.length)
      throw new Error(`chunk ${index} of step ${this.#step} is not held`);
    return this.#apply(chunk, index, update);
  }

  /** What is evaluated, and may be kept: the weights, or their averages. A copy. */
  weights(): Float32Array<ArrayBuffer> {
    return (this.#averages() ?? this.#weights).slice();
  }

  /** Averages of the weights, each held by the caller; none in a job that has none. */
  averages(): Snapshot[] {
    const averages = this.#averages();
    return averages ? this.#chunks.map((chunk, i) => this.#snapshot(chunk, i, averages)) : [];
  }

  /** The state between two steps: a copy, since the next step may begin at once. */
  state(): ShardState {
    return {
      step: this.#step,
      weights: this.#weights.slice(),
      slots: this.#slots.map((slot) => slot.slice()),
      scalars: this.#applied,
      squares: this.#chunks.flatMap(({ squares }) => squares ?? []),
      averaged: this.#optimizer.averages ?? false,
    };
  }

  /** No step follows: the weights become these, or stay, and are handed out as the next version. */
  close(weights: Float32Array | undefined, applied: (snapshot: Snapshot) => void): void {
    if (weights) {
      this.#weights.set(weights);
      this.#averages()?.set(weights);
    }
    this.#step += 1;
    this.#chunks.forEach((chunk, index) => {
      // No step has made these: what one would be known by is not.
      chunk.squares = undefined;
      applied(this.#renew(chunk, index));
    });
  }

  #check({ version, chunk: index, level, index: at, bytes }: Gradient): Chunk {
    const chunk = this.#chunks[index];
    if (!chunk) throw malformed(`chunk ${index} is not one of ${this.#chunks.length}`);
    if (version > this.#step)
      throw malformed(
        `a gradient of version ${version} came while the weights are at ${this.#step}`,
      );
    if (!isNode({ level, index: at }, this.#leaves))
      throw malformed(`(${level}, ${at}) is no node over ${this.#leaves} shards`);
    const wanted = (chunk.to - chunk.from) * 4;
    if (bytes.byteLength !== wanted)
      throw malformed(`a gradient of ${bytes.byteLength} bytes came for a chunk of ${wanted}`);
    return chunk;
  }

  #sum({ from, to, tree: { root } }: Chunk): Sum & { range: { gradient: Summand["values"] } } {
    if (!root) throw new Error("a complete tree has a root");
    if (root.samples === 0)
      throw new Error(`the gradients of step ${this.#step} are of no samples`);
    const weights = this.#weights.subarray(from, to);
    const slots = this.#slots.map((slot) => slot.subarray(from, to));
    return { from, range: { weights, gradient: root.values, slots }, samples: root.samples };
  }

  #apply(chunk: Chunk, index: number, update: Optimizer["update"]): Snapshot {
    const { range, samples } = this.#sum(chunk);
    update(range, samples, this.#scalars);
    this.#gradients.give(range.gradient);
    const before = chunk.snapshots.at(-1)?.floats ?? range.weights;
    const squares =
      this.#sums?.squaresOfUpdate(range.weights, before) ?? squaresOfUpdate(range.weights, before);
    chunk.squares = { gradient: chunk.gradient, ...squares };
    const newest = this.#renew(chunk, index);
    this.#behind -= 1;
    if (this.#behind === 0) this.#advance();
    return newest;
  }

  #renew(chunk: Chunk, index: number): Snapshot {
    chunk.version += 1;
    chunk.tree = this.#newTree();
    chunk.seen = new Map();
    const newest = this.#snapshot(chunk, index);
    chunk.snapshots.push(newest);
    if (chunk.snapshots.length > 2) chunk.snapshots.shift()?.letGo();
    return newest;
  }

  #advance(): void {
    this.#step += 1;
    this.#begun = false;
    this.#behind = this.#chunks.length;
    this.#held = 0;
    this.#applied = this.#scalars;
    this.#scalars = this.#optimizer.advance(this.#scalars);
  }

  #openChunk(index: number, [from, to]: [number, number], squares: Squares | undefined): Chunk {
    const bare = { from, to, version: this.#step, seen: new Map<string, number>() };
    const chunk: Chunk = { ...bare, gradient: 0, squares, tree: this.#newTree(), snapshots: [] };
    chunk.snapshots.push(this.#snapshot(chunk, index));
    return chunk;
  }

  #averages(): Float32Array<ArrayBuffer> | undefined {
    return this.#optimizer.averages && this.#slots.at(-1);
  }

  #snapshot({ version, from, to, squares }: Chunk, chunk: number, of = this.#weights): Snapshot {
    const { buffer, byteOffset } = of;
    const current = new Uint8Array(buffer, byteOffset + from * 4, (to - from) * 4);
    const values = this.#snapshots.take(current);
    return new Snapshot({ version, chunk, squares }, values, () => this.#snapshots.give(values));
  }

  #newTree(): SumTree<Summand> {
    return new SumTree(this.#leaves, (left: Summand, right: Summand) => {
      if (!this.#sums?.addInto(left.values, right.values)) addInto(left.values, right.values);
      left.samples += right.samples;
      this.#gradients.give(right.values);
      return left;
    });
  }
}
