/**
 * Runs at a time over all batchers of a process, so that many models do not want more processor than
 * there is.
 *
 * A slot that becomes free goes to the batcher that waits and has had the least run time. Who comes after a pause starts with those who wait: nobody saves up time, nobody starves.
 */
import { Heap, type Member } from "./heap.ts";

/** One batcher's claim to slots. */
export class Claim implements Member {
  /** Among those that wait. */
  place = -1;
  /** Milliseconds of runs. */
  used = 0;
  readonly turn: () => void;

  /** `turn` is called when a slot is free for it: it takes the slot, or leaves it to the next. */
  constructor(turn: () => void) {
    this.turn = turn;
  }
}

/** A slot that is taken. */
export interface Hold {
  readonly claim: Claim;
  readonly since: number;
  readonly expectedMs: number;
}

export class Slots {
  readonly count: number;
  readonly #holds = new Set<Hold>();
  readonly #waiting = new Heap<Claim>((a, b) => a.used < b.used);
  /** Where who comes starts. */
  #time = 0;

  constructor(count: number) {
    this.count = count;
  }

  get free(): number {
    return this.count - this.#holds.size;
  }

  /** Milliseconds until one is free, as far as can be told. */
  freeInMs(now: number): number {
    if (this.free > 0) return 0;
    let soonest = Number.POSITIVE_INFINITY;
    for (const { since, expectedMs } of this.#holds)
      soonest = Math.min(soonest, since + expectedMs);
    return Math.max(0, soonest - now);
  }

  /** How many the claim could have if all who wait got as many; not whole where there are more of them. */
  shareOf(claim: Claim): number {
    return this.count / (this.#waiting.size + (claim.place < 0 ? 1 : 0));
  }

  /** A slot from `now` on, for about `expectedMs`; or none, and the claim waits for its turn. */
  take(claim: Claim, now: number, expectedMs: number): Hold | undefined {
    if (claim.place < 0) claim.used = Math.max(claim.used, this.#time);
    if (this.free <= 0) {
      if (claim.place < 0) this.#waiting.push(claim);
      return undefined;
    }
    this.#time = Math.max(this.#time, claim.used);
    this.#charge(claim, expectedMs);
    const hold = { claim, since: now, expectedMs };
    this.#holds.add(hold);
    return hold;
  }

  /** Given back after `ranMs`. */
  release(hold: Hold, ranMs: number): void {
    this.#holds.delete(hold);
    this.#charge(hold.claim, ranMs - hold.expectedMs);
    while (this.free > 0) {
      const next = this.#waiting.first;
      if (next === undefined) return;
      this.#waiting.remove(next);
      next.turn();
    }
  }

  /** Waits no longer. */
  forget(claim: Claim): void {
    this.#waiting.remove(claim);
  }

  #charge(claim: Claim, ms: number): void {
    claim.used += ms;
    if (claim.place >= 0) this.#waiting.moved(claim);
  }
}
