/**
 * Answers in the order of their questions, in whatever order they are found.
 *
 * A question takes its turn when it comes; its answer waits for those before it. Whoever takes in
 * questions asks for room first: so many may be under way, found but not read included, and so much
 * may they weigh together. An error in the place of an answer is the end, when its turn has come.
 */
import { Channel } from "@amaas/rpc";

export interface Bounds {
  readonly turns: number;
  readonly weight: number;
}

interface Turn<T> {
  readonly weight: number;
  answer: T | Error | undefined;
}

export class InOrder<T extends object> extends Channel<T> {
  readonly #bounds: Bounds;
  /** Those that have not been answered, or stand behind one that has not. */
  #waiting: Turn<T>[] = [];
  #passed = 0;
  /** Of the answers that wait to be read, in order. */
  #unread: number[] = [];
  #read = 0;
  #turns = 0;
  #weight = 0;
  #wake: (() => void) | undefined;

  constructor(bounds: Bounds) {
    super();
    this.#bounds = bounds;
  }

  /** Whether another question may come; one may always if there is none. */
  get open(): boolean {
    const { turns, weight } = this.#bounds;
    return this.ended || this.#turns === 0 || (this.#turns < turns && this.#weight < weight);
  }

  /** Resolves when one may, or when it has become pointless. */
  async room(): Promise<void> {
    while (!this.open) await this.#changed();
  }

  /** Resolves when every question has its answer, or nobody wants one. */
  async answered(): Promise<void> {
    while (this.#waiting.length > this.#passed && !this.ended) await this.#changed();
  }

  /** The next turn; what is returned takes the answer, once. */
  take(weight: number): (answer: T | Error) => void {
    const turn: Turn<T> = { weight, answer: undefined };
    this.#waiting.push(turn);
    this.#turns += 1;
    this.#weight += weight;
    return (answer) => {
      turn.answer = answer;
      if (this.#waiting[this.#passed] === turn) this.#pass();
    };
  }

  override next(): Promise<IteratorResult<T, undefined>> {
    const result = super.next();
    this.#forgetRead();
    return result;
  }

  override end(error?: Error): void {
    super.end(error);
    this.#notify();
  }

  /** What can be read now. */
  #pass(): void {
    for (;;) {
      const turn = this.#waiting[this.#passed];
      if (turn?.answer === undefined) break;
      this.#passed += 1;
      if (turn.answer instanceof Error) {
        this.end(turn.answer);
        break;
      }
      this.#unread.push(turn.weight);
      this.push(turn.answer);
    }
    if (this.#passed === this.#waiting.length || this.#passed >= 1024) {
      this.#waiting.splice(0, this.#passed);
      this.#passed = 0;
    }
    this.#forgetRead();
  }

  #forgetRead(): void {
    while (this.#unread.length - this.#read > this.size) {
      this.#turns -= 1;
      this.#weight -= this.#unread[this.#read++]!;
    }
    if (this.#read === this.#unread.length || this.#read >= 1024) {
      this.#unread.splice(0, this.#read);
      this.#read = 0;
    }
    this.#notify();
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
