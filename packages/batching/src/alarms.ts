/** Many alarms on one timer. They ring in the order of their times, never early. `ring` may set and stop alarms. */
import type { Clock } from "./clock.ts";
import { Heap, type Member } from "./heap.ts";

export interface Alarm extends Member {
  /** Written by `Alarms` alone. */
  ringsAt: number;
}

export class Alarms<T extends Alarm> {
  readonly #clock: Clock;
  readonly #ring: (alarms: readonly T[]) => void;
  readonly #set = new Heap<T>((a, b) => a.ringsAt < b.ringsAt);
  #timerAt = Number.POSITIVE_INFINITY;
  #stopTimer: (() => void) | undefined;

  /** `ring` is given those whose time has come; they are set no longer. */
  constructor(clock: Clock, ring: (alarms: readonly T[]) => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  set(alarm: T, at: number): void {
    if (at === Number.POSITIVE_INFINITY) {
      this.stop(alarm);
      return;
    }
    alarm.ringsAt = at;
    if (alarm.place < 0) this.#set.push(alarm);
    else this.#set.moved(alarm);
    this.#arm();
  }

  /** Rings those whose time has come, without waiting for a timer that is late. */
  look(): void {
    const now = this.#clock.now();
    const due: T[] = [];
    for (let { first } = this.#set; first && first.ringsAt <= now; { first } = this.#set) {
      this.#set.remove(first);
      due.push(first);
    }
    if (due.length > 0) this.#ring(due);
    if (this.#set.size === 0) this.#disarm();
    else this.#arm();
  }

  stop(alarm: T): void {
    this.#set.remove(alarm);
    if (this.#set.size === 0) this.#disarm();
  }

  /** A timer that rings too early is cheaper than one that is set anew whenever the first alarm is stopped. */
  #arm(): void {
    const { first } = this.#set;
    if (first === undefined || first.ringsAt >= this.#timerAt) return;
    this.#disarm();
    this.#timerAt = first.ringsAt;
    const ms = Math.max(0, first.ringsAt - this.#clock.now());
    this.#stopTimer = this.#clock.setTimer(ms, () => {
      this.#stopTimer = undefined;
      this.#timerAt = Number.POSITIVE_INFINITY;
      this.look();
    });
  }

  #disarm(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    this.#timerAt = Number.POSITIVE_INFINITY;
  }
}
