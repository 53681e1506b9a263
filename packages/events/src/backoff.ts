/** Waiting between attempts: twice as long each time, up to a limit, with jitter. */
import { setTimeout } from "node:timers/promises";

export interface BackoffOptions {
  readonly firstMs: number;
  readonly mostMs: number;
}

export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /** How many times in a row `wait` was needed. */
  get failures(): number {
    return this.#failures;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  /** Returns early, without an error, when the signal is raised. */
  async wait(signal: AbortSignal): Promise<void> {
    const { firstMs, mostMs } = this.#options;
    const longest = Math.min(mostMs, firstMs * 2 ** this.#failures);
    this.#failures += 1;
    await setTimeout(longest * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {});
  }
}
