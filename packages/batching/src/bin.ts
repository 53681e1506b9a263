/** What waits of one shape, over all ranks and tenants: what batches are made of. */
import type { Alarm } from "./alarms.ts";
import { Chain } from "./chain.ts";
import type { Entry } from "./entry.ts";
import { Heap, type Member } from "./heap.ts";
import type { Line } from "./lane.ts";

interface Turns {
  readonly rank: number;
  readonly lines: Heap<Line>;
}

export class Bin implements Member {
  /** Among those of which a batch may be made. */
  place = -1;
  /** The key it stands with there: that of the entry whose turn it is. */
  rank = 0;
  tag = 0;
  sequence = 0;

  readonly shape: string;
  rows = 0;
  requests = 0;
  readonly alarm: BinAlarm = new BinAlarm(this);
  readonly #arrivals = new Chain<Entry>();
  readonly #turns: Turns[] = [];
  #earliest = Number.POSITIVE_INFINITY;
  /** Whether the one with the earliest deadline may have left. */
  #stale = false;

  constructor(shape: string) {
    this.shape = shape;
  }

  /** Who waits longest. */
  get oldest(): Entry | undefined {
    return this.#arrivals.first;
  }

  /** Of all that wait in it. Asked of those alone of which no batch can be made yet, it is soon found. */
  get earliestDeadline(): number {
    if (this.#stale) {
      this.#earliest = Number.POSITIVE_INFINITY;
      for (const { deadline } of this.#arrivals)
        if (deadline < this.#earliest) this.#earliest = deadline;
      this.#stale = false;
    }
    return this.#earliest;
  }

  add(entry: Entry, line: Line): void {
    const inLine = line.entries.push(entry);
    entry.standing = { line, inLine, inBin: this.#arrivals.push(entry) };
    this.rows += entry.rows;
    this.requests++;
    if (entry.deadline < this.#earliest) this.#earliest = entry.deadline;
    if (line.place >= 0) return;
    line.tag = line.flow.tag;
    line.sequence = entry.sequence;
    this.#turnsOf(entry.rank).push(line);
  }

  remove(entry: Entry): void {
    const { line, inLine, inBin } = entry.standing!;
    line.entries.remove(inLine);
    this.#arrivals.remove(inBin);
    entry.standing = undefined;
    this.rows -= entry.rows;
    this.requests--;
    if (entry.deadline <= this.#earliest) this.#stale = true;
    if (line.entries.first === undefined) this.#turnsOf(entry.rank).remove(line);
  }

  /** Whose turn it is. */
  get lead(): Line | undefined {
    for (const { lines } of this.#turns) {
      const line = leadOf(lines);
      if (line !== undefined) return line;
    }
    return undefined;
  }

  /** Brings its key up to date; whether it has changed. */
  refresh(): boolean {
    const line = this.lead!;
    const { rank } = line.lane;
    if (rank === this.rank && line.tag === this.tag && line.sequence === this.sequence)
      return false;
    this.rank = rank;
    this.tag = line.tag;
    this.sequence = line.sequence;
    return true;
  }

  /** The entries as they will be served. Takes time in the number of tenants for each. */
  *inTurn(): Generator<Entry> {
    for (const { lines } of this.#turns) yield* merged([...lines.members()]);
  }

  #turnsOf(rank: number): Heap<Line> {
    const found = this.#turns.find((turns) => turns.rank === rank);
    if (found) return found.lines;
    const lines = new Heap<Line>(isBefore);
    this.#turns.push({ rank, lines });
    this.#turns.sort((a, b) => a.rank - b.rank);
    return lines;
  }
}

export class BinAlarm implements Alarm {
  place = -1;
  ringsAt = Number.POSITIVE_INFINITY;
  readonly bin: Bin;

  constructor(bin: Bin) {
    this.bin = bin;
  }
}

function isBefore(a: Line, b: Line): boolean {
  return a.tag < b.tag || (a.tag === b.tag && a.sequence < b.sequence);
}

/** Keys only grow, so the first whose key is up to date is the first of all. */
function leadOf(lines: Heap<Line>): Line | undefined {
  for (;;) {
    const line = lines.first;
    if (line === undefined) return undefined;
    const { sequence } = line.entries.first!;
    if (line.tag === line.flow.tag && line.sequence === sequence) return line;
    line.tag = line.flow.tag;
    line.sequence = sequence;
    lines.moved(line);
  }
}

function* merged(lines: readonly Line[]): Generator<Entry> {
  const rest = lines.map(({ flow, entries }) => {
    const more = entries[Symbol.iterator]();
    return {
      tag: flow.tag,
      weight: flow.weight,
      more,
      next: more.next().value as Entry | undefined,
    };
  });
  for (;;) {
    let best: (typeof rest)[number] | undefined;
    for (const one of rest) {
      if (one.next === undefined) continue;
      const sooner =
        best === undefined ||
        one.tag < best.tag ||
        (one.tag === best.tag && one.next.sequence < best.next!.sequence);
      if (sooner) best = one;
    }
    if (best === undefined) return;
    yield best.next!;
    best.tag += best.next!.rows / best.weight;
    best.next = best.more.next().value as Entry | undefined;
  }
}
