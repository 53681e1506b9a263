/** A clock that stands still until it is moved, and rings its timers on the way in their order. */
import type { Clock } from "./clock.ts";

interface Timer {
  readonly at: number;
  readonly ring: () => void;
}

export class SimulatedClock implements Clock {
  #now = 1000;
  readonly #timers = new Set<Timer>();

  now(): number {
    return this.#now;
  }

  /** A day that began at another moment than the clock did. */
  timeOfDay(): number {
    return 1e12 + this.#now;
  }

  get timers(): number {
    return this.#timers.size;
  }

  setTimer(ms: number, ring: () => void): () => void {
    const timer = { at: this.#now + ms, ring };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Resolves after `ms` of this clock. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.setTimer(ms, resolve));
  }

  /** Time goes on by `ms`; between two moments, everything that can happen does. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settled();
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.ring();
      await settled();
    }
    this.#now = end;
  }

  #next(until: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (!next || timer.at < next.at) next = timer;
    return next && next.at <= until ? next : undefined;
  }
}

/** Promises that can be settled are. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 12; turn++) await undefined;
}
