/**
 * Memory for loaded models: who gets it, and who has to give way.
 *
 * What is to be loaded asks for what it will take and is given it in the order of asking. Room is made by
 * those that nobody uses, the longest unused first; while all are used, who asks waits. Whoever waits holds
 * nothing, so nobody waits for each other. What a model takes may turn out to be more than was asked for: then
 * others give way afterwards, and until they have the budget is exceeded by what was not asked for.
 */
import { memoryBusy, modelOverBudget } from "./errors.ts";

/** A model that is loaded, or about to be. */
export interface Resident {
  /** What it takes at the moment. */
  readonly memoryBytes: number;
  /** Whether somebody uses it: then it stays. */
  readonly used: boolean;
  /** When it was used last, on the clock of performance.now(); 0: never. */
  readonly usedAt: number;
  /** Frees it. Not used any more from the moment of the call; resolves when its memory is free. */
  evict(reason: EvictionReason): Promise<void>;
}

/** For another one, or because a model turned out to take more than was thought. */
export type EvictionReason = "room" | "overrun";

/** Memory that was given. */
export interface Share {
  /** From here on it counts as what the resident says that it takes, and may be freed. */
  commit(resident: Resident): void;
  release(): void;
}

interface Waiting {
  readonly bytes: number;
  give(share: Share): void;
}

interface Given extends Share {
  readonly reserved: number;
  resident: Resident | undefined;
  /** What it took when it was told to leave. */
  leaving: number | undefined;
}

export interface BudgetOptions {
  readonly bytes: number;
  /** How long somebody waits for room. */
  readonly patienceMs?: number;
}

export class Budget {
  readonly bytes: number;
  readonly #patienceMs: number;
  readonly #given = new Set<Given>();
  readonly #waiting = new Set<Waiting>();
  #short = false;

  constructor({ bytes, patienceMs = 10_000 }: BudgetOptions) {
    this.bytes = bytes;
    this.#patienceMs = patienceMs;
  }

  /** What is given, to those who are on their way out as well. */
  get used(): number {
    let sum = 0;
    for (const given of this.#given) sum += bytesOf(given);
    return sum;
  }

  /** How many are loaded. */
  get residents(): number {
    let count = 0;
    for (const { resident } of this.#given) if (resident) count++;
    return count;
  }

  /** @throws invalid-argument if it could never be given. */
  check(model: string, bytes: number): void {
    if (bytes > this.bytes) throw modelOverBudget(model, bytes, this.bytes);
  }

  /** Only where nobody has to give way for it. */
  take(bytes: number): Share | undefined {
    return this.#waiting.size === 0 && this.used + bytes <= this.bytes
      ? this.#give(bytes)
      : undefined;
  }

  /** @throws resource-exhausted when all that is loaded was in use for as long as one waits; what the signal has. */
  reserve(model: string, bytes: number, signal: AbortSignal): Promise<Share> {
    return new Promise((resolve, reject) => {
      this.check(model, bytes);
      signal.throwIfAborted();
      const leave = (reason: unknown) => {
        this.#waiting.delete(waiting);
        clearTimeout(late);
        signal.removeEventListener("abort", aborted);
        reject(reason);
        this.pump();
      };
      const aborted = () => leave(signal.reason);
      const late = setTimeout(
        () => leave(memoryBusy(model, bytes, this.bytes, this.#patienceMs)),
        this.#patienceMs,
      );
      const waiting: Waiting = {
        bytes,
        give(share) {
          clearTimeout(late);
          signal.removeEventListener("abort", aborted);
          resolve(share);
        },
      };
      signal.addEventListener("abort", aborted, { once: true });
      this.#waiting.add(waiting);
      this.pump();
    });
  }

  /** Whether room is missing that only those can make who are in use: `pump` when one is not any more. */
  get isShort(): boolean {
    return this.#short;
  }

  /** Something has changed: gives what there is to be given, and has those leave who have to. */
  pump(): void {
    let used = this.used;
    this.#short = false;
    for (const waiting of this.#waiting) {
      if (used + waiting.bytes > this.bytes) break;
      this.#waiting.delete(waiting);
      waiting.give(this.#give(waiting.bytes));
      used += waiting.bytes;
    }
    const [next] = this.#waiting;
    if (next) this.#makeRoom(used + next.bytes - this.bytes, "room");
    else this.#makeRoom(used - this.bytes, "overrun");
  }

  /** Has so many bytes freed, of which some may be on their way. */
  #makeRoom(bytes: number, reason: EvictionReason): void {
    let missing = bytes;
    for (const { leaving } of this.#given) missing -= leaving ?? 0;
    while (missing > 0) {
      const given = this.#longestUnused();
      if (!given) {
        this.#short = true;
        return;
      }
      given.leaving = given.resident!.memoryBytes;
      missing -= given.leaving;
      void given.resident!.evict(reason);
    }
  }

  #longestUnused(): Given | undefined {
    let found: Given | undefined;
    for (const given of this.#given) {
      const { resident, leaving } = given;
      if (!resident || leaving !== undefined || resident.used) continue;
      if (!found || resident.usedAt < found.resident!.usedAt) found = given;
    }
    return found;
  }

  #give(reserved: number): Share {
    const given: Given = {
      reserved,
      resident: undefined,
      leaving: undefined,
      commit: (resident) => {
        given.resident = resident;
        this.pump();
      },
      release: () => {
        if (this.#given.delete(given)) this.pump();
      },
    };
    this.#given.add(given);
    return given;
  }
}

function bytesOf({ reserved, resident, leaving }: Given): number {
  return leaving ?? (resident ? resident.memoryBytes : reserved);
}
