/**
 * Which thread a run goes to, and when.
 *
 * A thread is given at most two runs, one to work at and one to go on with, so that it never waits
 * for us between them. The others wait here, first come first served, and dropping one of them costs nothing.
 */
import { DomainError } from "@amaas/errors";
import type { Tensor } from "@amaas/tensor";
import { giveAway, ownedMemory } from "./give-away.ts";
import type { PoolThread } from "./pool.thread.ts";
import type { Feeds } from "./signature.ts";
import type { Thread } from "./thread.ts";

const runsPerThread = 2;

interface Lane {
  readonly thread: Thread<PoolThread>;
  /** A cancellation flag for each run that the thread may be given. */
  readonly flags: Int32Array;
  /** Those not in use. */
  readonly free: number[];
}

/** Leave to give a thread one run. */
interface Turn {
  readonly lane: Lane;
  readonly flag: number;
}

interface Waiter {
  take(turn: Turn): void;
  refuse(error: DomainError): void;
}

export class Dispatcher {
  readonly #lanes: readonly Lane[];
  readonly #waiters = new Set<Waiter>();

  constructor(threads: readonly Thread<PoolThread>[]) {
    this.#lanes = threads.map((thread) => ({
      thread,
      flags: new Int32Array(new SharedArrayBuffer(4 * runsPerThread)),
      free: Array.from({ length: runsPerThread }, (_, index) => index),
    }));
  }

  /** Runs a session; when cancelled, refuses at once and leaves the thread to find out. */
  async run(
    session: number,
    feeds: Feeds,
    signal: AbortSignal | undefined,
  ): Promise<Record<string, Tensor>> {
    const turn = await this.#turn(signal);
    const outputs = await unlessAborted(this.#runOn(turn, session, feeds, signal), signal);
    // The thread drops a run only if its flag was raised, and then nobody listens any more.
    if (outputs === undefined) throw new DomainError("internal", "the run was dropped");
    return outputs;
  }

  async #runOn(
    { lane, flag }: Turn,
    session: number,
    feeds: Feeds,
    signal: AbortSignal | undefined,
  ): Promise<Record<string, Tensor> | undefined> {
    const raise = () => Atomics.store(lane.flags, flag, 1);
    try {
      Atomics.store(lane.flags, flag, 0);
      if (signal?.aborted) raise();
      signal?.addEventListener("abort", raise);
      const cancelled = { words: lane.flags, index: flag };
      return await lane.thread.call("run", session, detached(feeds), cancelled);
    } finally {
      // In this order: the flag may be another run's from here on.
      signal?.removeEventListener("abort", raise);
      lane.free.push(flag);
      this.#handOut();
    }
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
      this.#handOut();
    });
  }

  #handOut(): void {
    const lanes = this.#lanes.filter(({ thread }) => thread.alive);
    for (const waiter of this.#waiters) {
      const lane = lanes.reduce<Lane | undefined>(lessLoaded, undefined);
      if (lane !== undefined && lane.free.length === 0) return;
      this.#waiters.delete(waiter);
      if (lane) waiter.take({ lane, flag: lane.free.pop()! });
      else waiter.refuse(allThreadsEnded());
    }
  }
}

function lessLoaded(best: Lane | undefined, lane: Lane): Lane {
  return best !== undefined && best.free.length >= lane.free.length ? best : lane;
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

export function allThreadsEnded(): DomainError {
  return new DomainError("unavailable", "all threads of the pool have ended");
}

function cancellation(signal: AbortSignal | undefined): DomainError {
  return new DomainError("cancelled", "the run was cancelled", { cause: signal?.reason });
}
