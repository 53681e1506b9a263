/**
 * Which instance of a session a run goes to, and when.
 *
 * An instance has one run at a time; the others wait here, first come first served. Whoever serves gives no more than
 * there are instances and keeps its own queue, so that runs wait only while an instance is lost: instances come and go.
 */
import type { DomainError } from "@amaas/errors";
import type { Tensor } from "@amaas/tensor";
import { giveAway, ownedMemory } from "./give-away.ts";
import type { Feeds } from "./signature.ts";

/** What runs a session. */
export interface Runner {
  /** Not so from its loss on, which is before runs hear of it. */
  readonly alive: boolean;
  run(session: number, feeds: Feeds): Promise<Record<string, Tensor>>;
}

export interface Lane {
  /** Unlike that of any other that is here, and as small as can be. */
  readonly number: number;
  readonly runner: Runner;
  readonly session: number;
}

export class Dispatcher {
  readonly #lanes = new Set<Lane>();
  readonly #busy = new WeakSet<Lane>();
  /** There are some only while no instance is free. */
  readonly #waiting = new Set<PromiseWithResolvers<Lane>>();
  #refusal: DomainError | undefined;

  /** From here on the instance is given runs. */
  join(runner: Runner, session: number): Lane {
    const lane = { number: this.#freeNumber(), runner, session };
    this.#lanes.add(lane);
    this.#handOut();
    return lane;
  }

  #freeNumber(): number {
    const taken = new Set(Array.from(this.#lanes, ({ number }) => number));
    let number = 0;
    while (taken.has(number)) number++;
    return number;
  }

  leave(lane: Lane): void {
    this.#lanes.delete(lane);
  }

  /** Nothing will be run any more: whoever waits or comes is told why. */
  refuse(error: DomainError): void {
    this.#refusal ??= error;
    for (const { reject } of this.#waiting) reject(this.#refusal);
    this.#waiting.clear();
  }

  async run(feeds: Feeds, began?: (instance: number) => void): Promise<Record<string, Tensor>> {
    if (this.#refusal) throw this.#refusal;
    const lane = this.#take() ?? (await this.#turn());
    began?.(lane.number);
    try {
      return await lane.runner.run(lane.session, detached(feeds));
    } finally {
      this.#busy.delete(lane);
      this.#handOut();
    }
  }

  #take(): Lane | undefined {
    for (const lane of this.#lanes)
      if (lane.runner.alive && !this.#busy.has(lane)) {
        this.#busy.add(lane);
        return lane;
      }
    return undefined;
  }

  #turn(): Promise<Lane> {
    const turn = Promise.withResolvers<Lane>();
    this.#waiting.add(turn);
    return turn.promise;
  }

  #handOut(): void {
    for (const turn of this.#waiting) {
      const lane = this.#take();
      if (lane === undefined) return;
      this.#waiting.delete(turn);
      turn.resolve(lane);
    }
  }
}

/**
 * Feeds that can go to a thread without taking more along: a clone of a view would copy the whole
 * buffer behind it, which for a tensor out of a message is the message.
 */
function detached(feeds: Feeds): Feeds {
  const own = Object.fromEntries(
    Object.entries(feeds).map(([name, tensor]) => [name, detachedTensor(tensor)]),
  );
  return giveAway(own, ownedMemory(own));
}

function detachedTensor(tensor: Tensor): Tensor {
  const { data } = tensor;
  const stays = Array.isArray(data) || data.buffer instanceof SharedArrayBuffer;
  return stays ? tensor : { ...tensor, data: data.slice() };
}
