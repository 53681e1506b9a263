/** One at a time, in the order they came; who waits too long is turned away. */
import { DomainError } from "@amaas/errors";

export class Turnstile {
  readonly #patienceMs: number;
  readonly #waiting: (() => void)[] = [];
  #taken = false;

  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  async enter(): Promise<void> {
    if (!this.#taken) {
      this.#taken = true;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      this.#waiting.splice(this.#waiting.indexOf(admit), 1);
      reject(tooLong(this.#patienceMs));
    }, this.#patienceMs);
    const admit = () => {
      clearTimeout(timer);
      resolve();
    };
    this.#waiting.push(admit);
    await promise;
  }

  leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#taken = false;
    else next();
  }
}

function tooLong(ms: number): DomainError {
  return new DomainError(
    "unavailable",
    `the database has been busy with other transactions for ${ms} ms; ` +
      "inside a transaction, query through it and not beside it",
  );
}
