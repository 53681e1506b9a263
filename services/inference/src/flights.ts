/**
 * Identical requests that are under way at a time are run once: the first is submitted, the others
 * wait for what comes of it.
 *
 * Each leaves when its own caller does or its own deadline passes, and the run is given up when the
 * last has left, not before. Where the deadline of the first one has passed before a run, the next takes its
 * place. Only requests of one tenant, priority and patience wait for each other: nobody comes behind
 * whoever would have been served later.
 */
import { isDomainError } from "@amaas/errors";
import { type RequestKey, sameKey } from "./request-key.ts";

export interface Passenger {
  readonly signal: AbortSignal;
  readonly tenant: string;
  readonly priority: number;
  readonly timeoutUs: number;
}

interface Flight<T> {
  readonly key: RequestKey;
  /** Who has set it going. */
  readonly first: Passenger;
  readonly outcome: Promise<T>;
  readonly giveUp: AbortController;
  aboard: number;
}

export interface Flown<T> {
  readonly outcome: T;
  /** Whether it was run for this request. */
  readonly first: boolean;
}

export class Flights<T> {
  /** By hash. */
  readonly #flights = new Map<number, Flight<T>[]>();

  /** `run` is called if no identical request is under way; its signal is raised when nobody waits any more. */
  async fly(
    key: RequestKey,
    passenger: Passenger,
    run: (signal: AbortSignal) => Promise<T>,
  ): Promise<Flown<T>> {
    for (;;) {
      const under = this.#find(key, passenger);
      if (under === undefined) {
        const flight = this.#start(key, passenger, run);
        return { outcome: await this.#board(flight, passenger.signal), first: true };
      }
      try {
        return { outcome: await this.#board(under, passenger.signal), first: false };
      } catch (error) {
        passenger.signal.throwIfAborted();
        if (!isOfTheFirst(error)) throw error;
      }
    }
  }

  #find(key: RequestKey, { tenant, priority, timeoutUs }: Passenger): Flight<T> | undefined {
    return this.#flights
      .get(key.hash)
      ?.find(
        ({ first, key: other }) =>
          first.tenant === tenant &&
          first.priority === priority &&
          first.timeoutUs === timeoutUs &&
          sameKey(other, key),
      );
  }

  #start(key: RequestKey, first: Passenger, run: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const giveUp = new AbortController();
    const outcome = run(giveUp.signal).finally(() => this.#land(flight));
    // Everyone may have left.
    outcome.catch(() => {});
    const flight: Flight<T> = { key, first, outcome, giveUp, aboard: 0 };
    const others = this.#flights.get(key.hash);
    if (others) others.push(flight);
    else this.#flights.set(key.hash, [flight]);
    return flight;
  }

  /** Until it lands or `signal` is raised. */
  #board(flight: Flight<T>, signal: AbortSignal): Promise<T> {
    flight.aboard++;
    return new Promise<T>((resolve, reject) => {
      const leave = () => {
        reject(signal.reason);
        if (--flight.aboard > 0) return;
        this.#land(flight);
        flight.giveUp.abort(signal.reason);
      };
      if (signal.aborted) return leave();
      signal.addEventListener("abort", leave, { once: true });
      const stay = () => signal.removeEventListener("abort", leave);
      flight.outcome.finally(stay).then(resolve, reject);
    });
  }

  /** Nobody boards it any more. */
  #land(flight: Flight<T>): void {
    const { hash } = flight.key;
    const others = this.#flights.get(hash)?.filter((one) => one !== flight) ?? [];
    if (others.length > 0) this.#flights.set(hash, others);
    else this.#flights.delete(hash);
  }
}

/** It says nothing about the others, who have deadlines of their own. Nothing was run. */
function isOfTheFirst(error: unknown): boolean {
  return isDomainError(error, "cancelled") || isDomainError(error, "deadline-exceeded");
}
