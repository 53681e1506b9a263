/**
 * Micro-batches that have been read before they are asked for, in memory that threads share.
 *
 * A slot is free, being filled, ready, or being taken; whoever changes its state has it to himself until
 * the next change. What is asked for and not there is read by whoever asks: a slot that is missing, or
 * given away too early, costs time and never the result.
 */
import type { RowReader } from "./row-reader.ts";
import { type Sampling, trainingLeaf } from "./sampling.ts";

export interface Slots {
  readonly count: number;
  /** int32 [count, 3]: state, step, leaf. */
  readonly marks: SharedArrayBuffer;
  /** float32 [count, microBatch, width] */
  readonly batches: SharedArrayBuffer;
}

const state = { free: 0, filling: 1, ready: 2, taken: 3 } as const;

/** Enough for a step and the next, or as many as `most` bytes hold. */
export function makeSlots({ leaves, microBatch }: Sampling, width: number, most: number): Slots {
  const bytes = microBatch * width * 4;
  const count = Math.max(1, Math.min(2 * leaves, Math.floor(most / bytes)));
  return {
    count,
    marks: new SharedArrayBuffer(count * 12),
    batches: new SharedArrayBuffer(count * bytes),
  };
}

export class ReadAhead {
  readonly #count: number;
  readonly #marks: Int32Array;
  readonly #batches: Float32Array;
  readonly #length: number;

  constructor({ count, marks, batches }: Slots) {
    this.#count = count;
    this.#marks = new Int32Array(marks);
    this.#batches = new Float32Array(batches);
    this.#length = this.#batches.length / count;
  }

  /** Reads the features of (step, leaf) into a slot, if there is one that nobody needs any more. */
  fill(reader: RowReader, sampling: Sampling, step: number, leaf: number): void {
    const slot = this.#claim(step);
    if (slot === undefined) return;
    Atomics.store(this.#marks, slot * 3 + 1, step);
    Atomics.store(this.#marks, slot * 3 + 2, leaf);
    let filled: number = state.free;
    try {
      reader.read(trainingLeaf(sampling, step, leaf), this.#batch(slot));
      filled = state.ready;
    } finally {
      this.#put(slot, filled);
    }
  }

  /** Copies (step, leaf) to `batch` if it was read ahead, waiting for it if that is under way. */
  take(step: number, leaf: number, batch: Float32Array): boolean {
    for (let slot = 0; slot < this.#count; slot++) {
      if (!this.#holds(slot, step, leaf)) continue;
      Atomics.wait(this.#marks, slot * 3, state.filling);
      if (!this.#change(slot, state.ready, state.taken)) continue;
      // Between the look and the change it may have become another's.
      const found = this.#holds(slot, step, leaf);
      if (found) batch.set(this.#batch(slot));
      this.#put(slot, found ? state.free : state.ready);
      if (found) return true;
    }
    return false;
  }

  /** A slot that is free, or that holds a step which is over: they are read one step ahead. */
  #claim(step: number): number | undefined {
    for (let slot = 0; slot < this.#count; slot++) {
      if (this.#change(slot, state.free, state.filling)) return slot;
      const isOver = Atomics.load(this.#marks, slot * 3 + 1) < step - 1;
      if (isOver && this.#change(slot, state.ready, state.filling)) return slot;
    }
    return undefined;
  }

  #holds(slot: number, step: number, leaf: number): boolean {
    return (
      Atomics.load(this.#marks, slot * 3 + 1) === step &&
      Atomics.load(this.#marks, slot * 3 + 2) === leaf
    );
  }

  #change(slot: number, from: number, to: number): boolean {
    return Atomics.compareExchange(this.#marks, slot * 3, from, to) === from;
  }

  #put(slot: number, to: number): void {
    Atomics.store(this.#marks, slot * 3, to);
    Atomics.notify(this.#marks, slot * 3);
  }

  #batch(slot: number): Float32Array {
    return this.#batches.subarray(slot * this.#length, (slot + 1) * this.#length);
  }
}
