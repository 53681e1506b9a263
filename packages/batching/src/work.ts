/** What is submitted to a batcher, what it makes of it, and what it answers. */

/** One request. It is run in one batch, whole. */
export interface Work<Item> {
  readonly item: Item;
  /** At least 1. */
  readonly rows: number;
  /** Held in memory while it waits. */
  readonly bytes: number;
  /** Only requests of one shape share a batch. */
  readonly shape: string;
  /** Whose turn it is goes by tenant. */
  readonly tenant: string;
  /** 1 is served first; 0, and what is beyond the policy's levels, means its default level. */
  readonly priority: number;
  /** Milliseconds since the epoch. */
  readonly deadline: number | undefined;
  /** How long it may wait, in microseconds, where the queue's policy allows to say so. */
  readonly timeoutUs?: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Why a batch was closed:
 *
 * - `full`: no more fit in it
 * - `preferred`: a size that the policy prefers was reached
 * - `target`: with more it would have taken too long for the latency that is aimed at
 * - `delay`: its oldest request had waited as long as one may
 * - `deadline`: a request in it could not have waited for more
 * - `idle`: something was free to run it, and there was nothing to wait for
 * - `alone`: batching is off, or the request has more rows than a batch
 * - `closing`: the batcher was closed
 */
export type CloseReason =
  | "full"
  | "preferred"
  | "target"
  | "delay"
  | "deadline"
  | "idle"
  | "alone"
  | "closing";

export interface Batch<Item> {
  /** Counted from 1 in each batcher. */
  readonly id: number;
  readonly items: readonly Item[];
  /** Of all its items. */
  readonly rows: number;
  readonly reason: CloseReason;
}

export interface BatchFacts {
  readonly id: number;
  readonly rows: number;
  readonly requests: number;
  readonly reason: CloseReason;
}

export interface Answered<Answer> {
  readonly answer: Answer;
  readonly batch: BatchFacts;
  readonly queuedMs: number;
  readonly ranMs: number;
}
