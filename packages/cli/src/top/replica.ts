/**
 * One replica that is watched: it is asked again and again, and what it tells is set against what it
 * told some seconds ago, so that figures neither jump from look to look nor dwell on the past.
 */
import { type Amaas, createClient } from "@amaas/client";
import { errorMessage } from "@amaas/errors";
import type { Addresses } from "../endpoints.ts";
import { figuresOf, type Look } from "./figures.ts";
import type { ReplicaFigures } from "./frame.ts";

const spanMs = 10_000;
/** A replica that hangs must not stop the others from being shown. */
const patienceMs = 3_000;

export class Replica {
  readonly address: string;
  readonly #client: Amaas;
  /** The newest last; the first is the newest of those that are old enough, if there is one. */
  #looks: Look[] = [];

  constructor(address: string, others: Addresses) {
    this.address = address;
    this.#client = createClient({ ...others, inference: address });
  }

  async look(signal: AbortSignal): Promise<ReplicaFigures> {
    try {
      const models = await this.#client.statistics({ signal, deadlineMs: patienceMs });
      const now: Look = { at: performance.now(), models };
      this.#looks.push(now);
      while ((this.#looks[1]?.at ?? now.at) <= now.at - spanMs) this.#looks.shift();
      const [before] = this.#looks;
      const figures = figuresOf(now, before === now ? undefined : before);
      return { address: this.address, models: figures };
    } catch (error) {
      // What it counted before it went is not what it will count when it is back.
      this.#looks = [];
      return { address: this.address, models: [], fault: errorMessage(error) };
    }
  }

  close(): void {
    this.#client.close();
  }
}
