/**
 * The parameter vector as the servers hand it out, in shared memory: the version being computed
 * with, and the next one as it comes in.
 *
 * Two buffers are enough: no server reaches version t + 2 before all of them have t + 1, and then
 * nothing computed from t matters any more.
 */
import type { Squares, Weights } from "@amaas/proto/amaas/parameter_server/v1/parameter_server";
import { CHUNK_LENGTH, chunkRanges, shardRange } from "@amaas/reduction";
import { damaged } from "./errors.ts";

interface Buffer {
  readonly memory: SharedArrayBuffer;
  version: number;
  /** Version of each chunk, by place. */
  readonly chunks: Int32Array;
  /** Sums of squares of each chunk, by place; of no meaning where `known` lacks some. */
  readonly squares: Float64Array;
  known: number;
  complete: number;
}

export interface ChunkPlace {
  readonly shard: number;
  readonly chunk: number;
  /** In the vector, in floats. */
  readonly from: number;
  readonly to: number;
}

export class WeightBuffers {
  readonly places: readonly ChunkPlace[];
  readonly #placeOf = new Map<string, number>();
  readonly #buffers: readonly [Buffer, Buffer];
  readonly #aligned = new Uint8Array(CHUNK_LENGTH * 4);

  constructor(parameters: number, shards: number) {
    this.places = placesOf(parameters, shards);
    this.places.forEach(({ shard, chunk }, place) => {
      this.#placeOf.set(key(shard, chunk), place);
    });
    const open = (): Buffer => ({
      memory: new SharedArrayBuffer(parameters * 4),
      version: -1,
      chunks: new Int32Array(this.places.length).fill(-1),
      squares: new Float64Array(3 * this.places.length),
      known: 0,
      complete: 0,
    });
    this.#buffers = [open(), open()];
  }

  placesOf(shard: number): readonly ChunkPlace[] {
    return this.places.filter((place) => place.shard === shard);
  }

  get memory(): [SharedArrayBuffer, SharedArrayBuffer] {
    return [this.#buffers[0].memory, this.#buffers[1].memory];
  }

  /** Newest version that is here whole, or -1. */
  get version(): number {
    const whole = this.#buffers.filter((buffer) => buffer.complete === this.places.length);
    return Math.max(-1, ...whole.map((buffer) => buffer.version));
  }

  /** Newest version that any chunk has shown, and the shards that lack it in part or whole. */
  lagging(): { version: number; shards: Set<number> } {
    const newest = this.#buffers[0].version > this.#buffers[1].version ? 0 : 1;
    const { version, chunks } = this.#buffers[newest];
    const behind = this.places.filter((_, place) => chunks[place] !== version);
    return { version, shards: new Set(behind.map(({ shard }) => shard)) };
  }

  /** What the step that made this version has made of all parameters, if that is known here. */
  squares(version: number): Squares | undefined {
    const buffer = this.#buffers[version % 2 === 0 ? 0 : 1];
    const { length } = this.places;
    if (buffer.version !== version || buffer.complete < length || buffer.known < length)
      return undefined;
    const total = { gradient: 0, weights: 0, update: 0 };
    // In the order of the places, whatever that of their coming: the same bits each time.
    for (let at = 0; at < 3 * length; at += 3) {
      total.gradient += buffer.squares[at] ?? 0;
      total.weights += buffer.squares[at + 1] ?? 0;
      total.update += buffer.squares[at + 2] ?? 0;
    }
    return total;
  }

  put(shard: number, { chunk, version, values, squares }: Weights): void {
    const place = this.#placeOf.get(key(shard, chunk));
    const range = place === undefined ? undefined : this.places[place];
    if (place === undefined || !range || values.byteLength !== (range.to - range.from) * 4)
      throw damaged(`shard ${shard} sent chunk ${chunk} of ${values.byteLength} bytes`);
    const buffer = this.#buffers[version % 2 === 0 ? 0 : 1];
    if (version < buffer.version || buffer.chunks[place] === version) return;
    if (version > buffer.version) {
      buffer.version = version;
      buffer.complete = 0;
      buffer.known = 0;
    }
    if (squares) {
      buffer.squares.set([squares.gradient, squares.weights, squares.update], 3 * place);
      buffer.known += 1;
    }
    this.#write(buffer.memory, range.from, values);
    buffer.chunks[place] = version;
    buffer.complete += 1;
  }

  /**
   * A message's bytes begin anywhere, and from there into shared memory they would be copied one by
   * one; by way of an aligned buffer it is words, three times as fast.
   */
  #write(memory: SharedArrayBuffer, from: number, values: Uint8Array): void {
    const aligned = this.#aligned.subarray(0, values.byteLength);
    aligned.set(values);
    new Uint8Array(memory, from * 4, values.byteLength).set(aligned);
  }
}

function placesOf(parameters: number, shards: number): ChunkPlace[] {
  return Array.from({ length: shards }, (_, shard) => {
    const [begin, end] = shardRange(parameters, shard, shards);
    return chunkRanges(end - begin).map(([from, to], chunk) => ({
      shard,
      chunk,
      from: begin + from,
      to: begin + to,
    }));
  }).flat();
}

const key = (shard: number, chunk: number) => `${shard}/${chunk}`;
