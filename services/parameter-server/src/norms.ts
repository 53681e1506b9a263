/**
 * Lengths of vectors of which every shard has a part: what the lead adds up.
 *
 * A step has as many rounds as there are things to be told one after the other. Sums are exact, so
 * that they are the same in whichever order the shards come, and a shard that asks again, because the
 * answer got lost, is answered the same.
 */
import { ExactSquares } from "@amaas/reduction";
import { malformed } from "./errors.ts";

export interface Share {
  readonly shard: number;
  readonly version: number;
  readonly round: number;
  /** Of each vector, the text of this shard's exact squares. */
  readonly squares: readonly string[];
}

interface Round {
  /** Counted over all steps. */
  readonly place: number;
  sums: ExactSquares[];
  readonly seen: Set<number>;
  readonly totals: PromiseWithResolvers<readonly number[]>;
}

export class Norms {
  readonly #shards: number;
  readonly #rounds: number;
  /** The newest, and the one before: whoever asks for another is of no use to anyone. */
  #newest: Round;
  #before: Round | undefined;

  constructor(shards: number, rounds: number, version: number) {
    this.#shards = shards;
    this.#rounds = rounds;
    this.#newest = open(version * rounds);
  }

  /** Resolves with the squares of the vectors once all shards' are in. */
  add({ shard, version, round: at, squares }: Share): Promise<readonly number[]> {
    if (shard >= this.#shards || at >= this.#rounds)
      throw malformed(`squares of round ${at} came from shard ${shard}`);
    const round = this.#roundAt(version * this.#rounds + at);
    if (!round.seen.has(shard)) {
      const parts = squares.map(parse);
      if (round.seen.size > 0 && parts.length !== round.sums.length)
        throw malformed(`squares of ${parts.length} vectors came, wanted ${round.sums.length}`);
      round.seen.add(shard);
      round.sums = parts.map((part, i) => part.plus(round.sums[i] ?? ExactSquares.none));
      if (round.seen.size === this.#shards)
        round.totals.resolve(round.sums.map((sum) => sum.value()));
    }
    return round.totals.promise;
  }

  /** Ends the waiting. */
  close(reason: Error): void {
    this.#newest.totals.reject(reason);
  }

  #roundAt(place: number): Round {
    const { place: newest, seen } = this.#newest;
    // All shards' sums of a round are in before any shard can have what the next is about.
    if (place === newest + 1 && seen.size === this.#shards) {
      this.#before = this.#newest;
      this.#newest = open(place);
    }
    if (place === this.#newest.place) return this.#newest;
    if (place === this.#before?.place) return this.#before;
    throw malformed(`squares of round ${place} came while the newest are of ${newest}`);
  }
}

function parse(text: string): ExactSquares {
  const squares = ExactSquares.fromText(text);
  if (!squares) throw malformed(`"${text.slice(0, 32)}" came for squares`);
  return squares;
}

function open(place: number): Round {
  const totals = Promise.withResolvers<readonly number[]>();
  // Whoever waits is told; where nobody does, nobody has to be.
  totals.promise.catch(() => undefined);
  return { place, sums: [], seen: new Set(), totals };
}
