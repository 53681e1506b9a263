/**
 * What the lead has told this trainer to hand on: its guidance for the steps at hand.
 *
 * In a job that is guided no gradient is computed before the guidance of its step has come, so that
 * every shard gets the one with the other, whoever ordered it.
 */
import type { Guidance } from "@amaas/proto/amaas/parameter_server/v1/parameter_server";

export class Guide {
  readonly #wanted: boolean;
  /** By version: of the newest two. */
  readonly #guidance = new Map<number, Guidance>();

  constructor(wanted: boolean) {
    this.#wanted = wanted;
  }

  add(guidance: Guidance): void {
    this.#guidance.set(guidance.version, guidance);
    for (const version of this.#guidance.keys())
      if (version < guidance.version - 1) this.#guidance.delete(version);
  }

  at(version: number): Guidance | undefined {
    return this.#guidance.get(version);
  }

  /** Whether gradients are wanted of this version. */
  mayTrain(version: number): boolean {
    return !this.#wanted || this.#guidance.get(version)?.closing === false;
  }

  /** That no step follows. */
  get closing(): Guidance | undefined {
    return [...this.#guidance.values()].find(({ closing }) => closing);
  }
}
