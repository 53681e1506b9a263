/**
 * Micro-batches that have been read before they are asked for, in memory that threads share: of so many
 * steps ahead that one which was slow to read does not hold up the next.
 *
 * A slot is free, being filled, ready, or being taken; whoever changes its state has it to himself until
 * the next change. What is asked for and not there is read by whoever asks: a slot that is missing, or
 * given away too early, costs time and never the result.
 */
import type { RowReader, Samples } from "./row-reader.ts";
import { type Sampling, trainingLeaf } from "./sampling.ts";

export interface Slots {
  readonly count: number;
  /** int32 [count, 4]: state, step, leaf, samples; behind them the newest step that was asked for. */
  readonly marks: SharedArrayBuffer;
  /** 32 bits each [count, microBatch, width + 1]: features, and behind them the labels. */
  readonly batches: SharedArrayBuffer;
}

export const STEPS_AHEAD = 2;

const state = { free: 0, filling: 1, ready: 2, taken: 3 } as const;

/** Enough for a step and those ahead of it, or as many as `most` bytes hold. */
export function makeSlots({ leaves, microBatch }: Sampling, width: number, most: number): Slots {
  const bytes = microBatch * (width + 1) * 4;
  const wanted = (1 + STEPS_AHEAD) * leaves;
  const count = Math.max(1, Math.min(wanted, Math.floor(most / bytes)));
  return {
    count,
    marks: new SharedArrayBuffer(count * 16 + 4),
    batches: new SharedArrayBuffer(count * bytes),
  };
}

export class ReadAhead {
  readonly #count: number;
  readonly #marks: Int32Array;
  readonly #slots: readonly Samples[];

  constructor({ count, marks, batches }: Slots, { microBatch }: Sampling) {
    this.#count = count;
    this.#marks = new Int32Array(marks);
    const length = batches.byteLength / 4 / count;
    this.#slots = Array.from({ length: count }, (_, slot) => ({
      features: new Float32Array(batches, slot * length * 4, length - microBatch),
      labels: new Int32Array(batches, ((slot + 1) * length - microBatch) * 4, microBatch),
    }));
  }

  /**
   * Reads (step, leaf) into a slot, if there is one that nobody needs any more. A step that has begun is
   * left to whoever computes it: reading the next is how to be ahead again.
   */
  fill(reader: RowReader, sampling: Sampling, step: number, leaf: number): void {
    if (step <= this.#newest || this.#isHeld(step, leaf)) return;
    const slot = this.#claim();
    if (slot === undefined) return;
    const rows = trainingLeaf(sampling, step, leaf);
    Atomics.store(this.#marks, slot * 4 + 1, step);
    Atomics.store(this.#marks, slot * 4 + 2, leaf);
    Atomics.store(this.#marks, slot * 4 + 3, rows.length);
    let filled: number = state.free;
    try {
      reader.read(rows, this.#slots[slot]!);
      filled = state.ready;
    } finally {
      this.#put(slot, filled);
    }
  }

  /**
   * Copies (step, leaf) to `batch` if it was read ahead, waiting for it if that is under way, and answers
   * how many samples it has.
   */
  take(step: number, leaf: number, batch: Samples): number | undefined {
    Atomics.store(this.#marks, this.#count * 4, step);
    for (let slot = 0; slot < this.#count; slot++) {
      if (!this.#holds(slot, step, leaf)) continue;
      Atomics.wait(this.#marks, slot * 4, state.filling);
      if (!this.#change(slot, state.ready, state.taken)) continue;
      // Between the look and the change it may have become another's.
      const found = this.#holds(slot, step, leaf);
      const samples = Atomics.load(this.#marks, slot * 4 + 3);
      if (found) {
        batch.features.set(this.#slots[slot]!.features);
        batch.labels.set(this.#slots[slot]!.labels);
      }
      this.#put(slot, found ? state.free : state.ready);
      if (found) return samples;
    }
    return undefined;
  }

  get #newest(): number {
    return Atomics.load(this.#marks, this.#count * 4);
  }

  #isHeld(step: number, leaf: number): boolean {
    for (let slot = 0; slot < this.#count; slot++)
      if (this.#holds(slot, step, leaf) && Atomics.load(this.#marks, slot * 4) !== state.free)
        return true;
    return false;
  }

  /** A slot that is free, or that holds a step which is over, or is none of the next any more. */
  #claim(): number | undefined {
    const newest = this.#newest;
    for (let slot = 0; slot < this.#count; slot++) {
      if (this.#change(slot, state.free, state.filling)) return slot;
      const step = Atomics.load(this.#marks, slot * 4 + 1);
      const isOver = step < newest || step > newest + STEPS_AHEAD;
      if (isOver && this.#change(slot, state.ready, state.filling)) return slot;
    }
    return undefined;
  }

  #holds(slot: number, step: number, leaf: number): boolean {
    return (
      Atomics.load(this.#marks, slot * 4 + 1) === step &&
      Atomics.load(this.#marks, slot * 4 + 2) === leaf
    );
  }

  #change(slot: number, from: number, to: number): boolean {
    return Atomics.compareExchange(this.#marks, slot * 4, from, to) === from;
  }

  #put(slot: number, to: number): void {
    Atomics.store(this.#marks, slot * 4, to);
    Atomics.notify(this.#marks, slot * 4);
  }
}
