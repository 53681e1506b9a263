/** The batches of a batcher that are being run, and how their answers get to those who asked. */
import type { Clock } from "./clock.ts";
import type { CostModel } from "./cost-model.ts";
import type { Entry } from "./entry.ts";
import { wrongAnswerCount } from "./errors.ts";
import type { Filled } from "./filling.ts";
import type { Hold } from "./slots.ts";
import type { Batch, BatchFacts } from "./work.ts";

export interface RunsOptions {
  readonly clock: Clock;
  readonly cost: CostModel;
  /** Answers leave in the order in which their batches began. */
  readonly preserveOrdering: boolean;
  run(batch: Batch<unknown>): Promise<readonly unknown[]>;
  /** Something is free again. Called before the answers are given: nothing is kept idle for their sake. */
  freed(hold: Hold, ranMs: number): void;
  /** The answers of a batch have been given. */
  given(): void;
}

interface Running {
  readonly entries: readonly Entry[];
  readonly facts: BatchFacts;
  readonly hold: Hold;
  /** When the batches that began before have given their answers, where that is kept. */
  readonly turn: Promise<void> | undefined;
  readonly gives: PromiseWithResolvers<void> | undefined;
}

export class Runs {
  readonly #options: RunsOptions;
  readonly #running = new Set<Running>();
  #begun = 0;
  #givingOut = 0;
  #lastGives: Promise<void> | undefined;

  constructor(options: RunsOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#running.size;
  }

  /** Whether all that was begun has been answered. */
  get done(): boolean {
    return this.#givingOut === 0;
  }

  /** Milliseconds until the first of them ends, as far as can be told. */
  firstEndsInMs(now: number): number {
    let soonest = Number.POSITIVE_INFINITY;
    for (const { hold } of this.#running) soonest = Math.min(soonest, hold.since + hold.expectedMs);
    return Math.max(0, soonest - now);
  }

  begin({ entries, rows, reason }: Filled, hold: Hold): void {
    const { preserveOrdering } = this.#options;
    const facts = { id: ++this.#begun, rows, requests: entries.length, reason };
    const turn = this.#lastGives;
    const gives = preserveOrdering ? Promise.withResolvers<void>() : undefined;
    this.#lastGives = gives?.promise;
    const running: Running = { entries, facts, hold, turn, gives };
    this.#running.add(running);
    this.#givingOut++;
    const items = entries.map(({ work }) => work.item);
    this.#run({ id: facts.id, items, rows, reason }).then(
      (answers) => this.#ran(running, answers, undefined),
      (error: unknown) => this.#ran(running, undefined, error ?? new Error("a run failed")),
    );
  }

  /** Whatever is thrown on the way is a rejection. */
  async #run(batch: Batch<unknown>): Promise<readonly unknown[]> {
    return await this.#options.run(batch);
  }

  #ran(running: Running, answers: readonly unknown[] | undefined, thrown: unknown): void {
    const { clock, cost, freed } = this.#options;
    const { entries, facts, hold, turn } = running;
    const ranMs = clock.now() - hold.since;
    this.#running.delete(running);
    if (answers) cost.ran(facts.rows, ranMs);
    freed(hold, ranMs);
    const wrong = answers !== undefined && answers.length !== entries.length;
    const error = wrong ? wrongAnswerCount(answers.length, entries.length) : thrown;
    const give = () => this.#give(running, answers, error, ranMs);
    if (turn) turn.then(give);
    else give();
  }

  #give(
    { entries, facts, hold, gives }: Running,
    answers: readonly unknown[] | undefined,
    error: unknown,
    ranMs: number,
  ): void {
    entries.forEach((entry, at) => {
      const queuedMs = hold.since - entry.came;
      if (error !== undefined) entry.reject(error);
      else entry.resolve({ answer: answers?.[at], batch: facts, queuedMs, ranMs });
    });
    this.#givingOut--;
    gives?.resolve();
    this.#options.given();
  }
}
