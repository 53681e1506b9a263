/**
 * What the callers of a soak saw, to be held against what the server says happened.
 *
 * A call that was cancelled or whose deadline passed may have been answered on the other side, or never have come there:
 * it is open, and everything else is certain.
 */
import { isDomainError } from "@amaas/errors";

export class Account {
  answered = 0;
  /** Of requests that were answered, and not from the cache. */
  rows = 0;
  /** Answered by the cache, or by another's run. */
  spared = 0;
  readonly failed = new Map<string, number>();
  open = 0;

  get failures(): number {
    return [...this.failed.values()].reduce((sum, count) => sum + count, 0);
  }

  answer(rows: number, spared = false): void {
    this.answered++;
    if (spared) this.spared++;
    else this.rows += rows;
  }

  fail(code: string): void {
    this.failed.set(code, (this.failed.get(code) ?? 0) + 1);
  }
}

export class Ledger {
  readonly #accounts = new Map<string, Account>();
  /** What must not happen, in words; the first of them. */
  readonly wrong: string[] = [];
  /** Milliseconds of the calls of this period that latency is judged by. */
  #latencies: number[] = [];
  calls = 0;

  of(model: string): Account {
    const account = this.#accounts.get(model) ?? new Account();
    this.#accounts.set(model, account);
    return account;
  }

  models(): IterableIterator<[string, Account]> {
    return this.#accounts.entries();
  }

  expect(right: boolean, what: () => string): void {
    if (!right && this.wrong.length < 20) this.wrong.push(what());
  }

  /** A failure, which must be one of those that are to be reckoned with. */
  failure(model: string, error: unknown, expected: readonly string[]): void {
    this.calls++;
    const code = isDomainError(error) ? error.code : "not typed";
    this.expect(expected.includes(code), () => `${model}: ${code}: ${String(error)}`);
    if (code === "cancelled" || code === "deadline-exceeded") this.of(model).open++;
    else this.of(model).fail(code);
  }

  answer(model: string, rows: number, spared = false): void {
    this.calls++;
    this.of(model).answer(rows, spared);
  }

  took(ms: number): void {
    this.#latencies.push(ms);
  }

  /** Those since the last time, in ascending order. */
  latencies(): number[] {
    const taken = this.#latencies.sort((a, b) => a - b);
    this.#latencies = [];
    return taken;
  }
}
