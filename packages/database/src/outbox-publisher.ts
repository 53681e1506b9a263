/**
 * Publishes what is in the outbox, in order, for as long as the service lives.
 *
 * It runs when woken, on every connect of the bus, and every few seconds for what a process that
 * died has left. While the bus or the database is away it tries again, with growing pauses; an
 * event that can never be published is said in the log and dropped, lest it hold up the others.
 */
import { isDomainError } from "@amaas/errors";
import { type Bus, decodeEvent } from "@amaas/events";
import type { Telemetry } from "@amaas/telemetry";
import type { Database } from "./database.ts";
import { deleteFromOutbox, type OutboxRow, readOutbox } from "./outbox.ts";

const batch = 100;
const everyMs = 5000;
const pauses = { firstMs: 100, mostMs: 5000 };

export interface Outbox {
  /** To be called after a transaction that appended an event. */
  wake(): void;
  /** Publishes what can be published at once and stops. */
  close(): Promise<void>;
}

export interface OutboxOptions<S> {
  readonly database: Database<S>;
  readonly prefix: string;
  readonly bus: Bus;
  readonly telemetry: Telemetry;
}

export function startOutbox<S>(options: OutboxOptions<S>): Outbox {
  const publisher = new Publisher(options);
  options.bus.onConnect(() => publisher.hurry());
  return publisher;
}

class Publisher<S> implements Outbox {
  readonly #options: OutboxOptions<S>;
  readonly #done: Promise<void>;
  #closing = false;
  #woken = true;
  #failures = 0;
  #ring: () => void = () => undefined;

  constructor(options: OutboxOptions<S>) {
    this.#options = options;
    this.#done = this.#run();
  }

  wake(): void {
    this.#woken = true;
    // While publishing fails, its own pauses set the pace and not the changes that are made.
    if (this.#failures === 0) this.#ring();
  }

  /** There is reason to believe that it works now. */
  hurry(): void {
    this.#woken = true;
    this.#failures = 0;
    this.#ring();
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.hurry();
    await this.#done;
  }

  async #run(): Promise<void> {
    const { log } = this.#options.telemetry;
    do {
      this.#woken = false;
      try {
        await this.#publishAll();
        this.#failures = 0;
      } catch (error) {
        log[this.#failures === 0 ? "warn" : "debug"]("events wait in the outbox", { error });
        this.#failures += 1;
      }
      await this.#rest();
    } while (!this.#closing || this.#woken);
  }

  /** Until the outbox is empty, or the service wants to end. */
  async #publishAll(): Promise<void> {
    const { database, prefix } = this.#options;
    for (;;) {
      const rows = await readOutbox(database.db, prefix, batch);
      const published: number[] = [];
      try {
        for (const row of rows) {
          await this.#publish(row);
          published.push(row.position);
        }
      } finally {
        await deleteFromOutbox(database.db, prefix, published);
      }
      if (rows.length < batch || this.#closing) return;
    }
  }

  async #publish({ event }: OutboxRow): Promise<void> {
    const { bus, telemetry } = this.#options;
    try {
      await bus.publish(decodeEvent(event));
    } catch (error) {
      if (!isDomainError(error) || error.code !== "invalid-argument") throw error;
      const { id, subject } = event;
      telemetry.log.error("dropped an event that cannot be published", { id, subject, error });
    }
  }

  /** Until there is something to do. */
  async #rest(): Promise<void> {
    if (this.#closing || (this.#woken && this.#failures === 0)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, this.#failures === 0 ? everyMs : pauseAfter(this.#failures));
    this.#ring = resolve;
    await promise;
    clearTimeout(timer);
  }
}

function pauseAfter(failures: number): number {
  const longest = Math.min(pauses.mostMs, pauses.firstMs * 2 ** (failures - 1));
  return longest * (0.5 + Math.random() / 2);
}
