/**
 * Which instance of a session a run goes to, and when.
 *
 * An instance is given at most two runs, one to work at and one to go on with, so that it never waits
 * for us between them. The others wait here, first come first served, and dropping one of them costs nothing.
 * Instances come and go; where there is none at the moment, runs wait for one.
 */
import { DomainError } from "@amaas/errors";
import type { Tensor } from "@amaas/tensor";
import { giveAway, ownedMemory } from "./give-away.ts";
import type { CancellationFlag } from "./host.thread.ts";
import type { Feeds } from "./signature.ts";

const runsPerLane = 2;

/** What runs a session. */
export interface Runner {
  run(
    session: number,
    feeds: Feeds,
    cancelled: CancellationFlag,
  ): Promise<Record<string, Tensor> | undefined>;
}

export interface Lane {
  /** Unlike that of any other that is here, and as small as can be. */
  readonly number: number;
  readonly runner: Runner;
  readonly session: number;
  /** A cancellation flag for each run that it may be given. */
  readonly flags: readonly CancellationFlag[];
  /** Indices of those not in use. */
  readonly free: number[];
}

/** Leave to give an instance one run. */
interface Turn {
  readonly lane: Lane;
  readonly flag: number;
}

interface Waiter {
  take(turn: Turn): void;
  refuse(error: DomainError): void;
}

export class Dispatcher {
  readonly #lanes = new Set<Lane>();
  readonly #waiters = new Set<Waiter>();
  #refusal: DomainError | undefined;

  /** From here on the instance is given runs. */
  join(runner: Runner, session: number): Lane {
    const words = new Int32Array(new SharedArrayBuffer(4 * runsPerLane));
    const indices = Array.from({ length: runsPerLane }, (_, index) => index);
    const flags = indices.map((index) => ({ words, index }));
    const lane = { number: this.#freeNumber(), runner, session, flags, free: indices };
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
    for (const waiter of this.#waiters) waiter.refuse(this.#refusal);
    this.#waiters.clear();
  }

  /** Runs the session; when cancelled, refuses at once and leaves the instance to find out. */
  async run(
    feeds: Feeds,
    signal: AbortSignal | undefined,
    began?: (instance: number) => void,
  ): Promise<Record<string, Tensor>> {
    const turn = this.#freeTurn() ?? (await this.#turn(signal));
    began?.(turn.lane.number);
    const outputs = await unlessAborted(this.#runOn(turn, feeds, signal), signal);
    // The instance drops a run only if its flag was raised, and then nobody listens any more.
    if (outputs === undefined) throw new DomainError("internal", "the run was dropped");
    return outputs;
  }

  async #runOn(
    { lane, flag }: Turn,
    feeds: Feeds,
    signal: AbortSignal | undefined,
  ): Promise<Record<string, Tensor> | undefined> {
    const cancelled = lane.flags[flag]!;
    const raise = () => Atomics.store(cancelled.words, cancelled.index, 1);
    try {
      Atomics.store(cancelled.words, cancelled.index, 0);
      if (signal?.aborted) raise();
      signal?.addEventListener("abort", raise);
      return await lane.runner.run(lane.session, detached(feeds), cancelled);
    } finally {
      // In this order: the flag may be another run's from here on.
      signal?.removeEventListener("abort", raise);
      lane.free.push(flag);
      this.#handOut();
    }
  }

  /** Nobody waits and an instance is free. */
  #freeTurn(): Turn | undefined {
    if (this.#refusal) throw this.#refusal;
    return this.#waiters.size === 0 ? this.#takeTurn() : undefined;
  }

  #takeTurn(): Turn | undefined {
    let best: Lane | undefined;
    for (const lane of this.#lanes)
      if (best === undefined || lane.free.length > best.free.length) best = lane;
    const flag = best?.free.pop();
    return best === undefined || flag === undefined ? undefined : { lane: best, flag };
  }

  #turn(signal: AbortSignal | undefined): Promise<Turn> {
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#waiters.delete(waiter);
        reject(cancellation(signal));
      };
      const waiter: Waiter = {
        take(turn) {
          signal?.removeEventListener("abort", abort);
          resolve(turn);
        },
        refuse(error) {
          signal?.removeEventListener("abort", abort);
          reject(error);
        },
      };
      if (signal?.aborted) return abort();
      signal?.addEventListener("abort", abort, { once: true });
      this.#waiters.add(waiter);
    });
  }

  #handOut(): void {
    for (const waiter of this.#waiters) {
      const turn = this.#takeTurn();
      if (turn === undefined) return;
      this.#waiters.delete(waiter);
      waiter.take(turn);
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

/** `work`, or a refusal as soon as the signal is raised; what becomes of the work is unheard. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const abort = () => reject(cancellation(signal));
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort);
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

function cancellation(signal: AbortSignal | undefined): DomainError {
  return new DomainError("cancelled", "the run was cancelled", { cause: signal?.reason });
}
