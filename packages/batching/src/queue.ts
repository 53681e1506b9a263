/**
 * Who waits, and whose turn it is: strictly by rank, within a rank fairly among tenants, and of one
 * tenant in the order of arrival within a shape.
 *
 * It is kept by shapes (bins, of which batches are made) and by ranks (lanes, which know what each
 * tenant was served). Joining, leaving and being served take time in the logarithm of those who wait.
 * Counters are sums of whole numbers: they do not drift.
 */
import { Bin } from "./bin.ts";
import type { Entry } from "./entry.ts";
import { Heap } from "./heap.ts";
import { Lane } from "./lane.ts";

export class Queue {
  requests = 0;
  rows = 0;
  readonly #bins = new Map<string, Bin>();
  readonly #lanes: Lane[] = [];
  /** Of which a batch may be made. */
  readonly #candidates = new Heap<Bin>(isBefore);
  readonly #weightOf: (tenant: string) => number;

  constructor(weightOf: (tenant: string) => number) {
    this.#weightOf = weightOf;
  }

  /** The bin that the entry now waits in is a candidate. */
  add(entry: Entry): void {
    const { tenant, shape } = entry.work;
    const lane = this.#laneOf(entry.rank);
    const line = lane.lineOf(tenant, this.#weightOf(tenant), shape);
    const bin = this.#bins.get(shape) ?? new Bin(shape);
    if (bin.requests === 0) this.#bins.set(shape, bin);
    lane.joined(line.flow, entry.rows);
    bin.add(entry, line);
    this.requests++;
    this.rows += entry.rows;
    this.consider(bin);
  }

  /** Leaves the bin that is returned. */
  remove(entry: Entry): Bin {
    const { line } = entry.standing!;
    const bin = this.#bins.get(line.shape)!;
    bin.remove(entry);
    line.lane.left(line.flow, entry.rows);
    if (line.entries.first === undefined) line.flow.lines.delete(line.shape);
    this.requests--;
    this.rows -= entry.rows;
    if (bin.requests === 0) {
      this.#candidates.remove(bin);
      this.#bins.delete(bin.shape);
    } else if (bin.place >= 0) this.consider(bin);
    return bin;
  }

  /** A batch may be made of it. */
  consider(bin: Bin): void {
    const changed = bin.refresh();
    if (bin.place < 0) this.#candidates.push(bin);
    else if (changed) this.#candidates.moved(bin);
  }

  /** No batch is made of it until it is considered again. */
  rest(bin: Bin): void {
    this.#candidates.remove(bin);
  }

  /** The candidate whose turn it is. */
  next(): Bin | undefined {
    for (;;) {
      const bin = this.#candidates.first;
      if (bin === undefined || !bin.refresh()) return bin;
      this.#candidates.moved(bin);
    }
  }

  bins(): Iterable<Bin> {
    return this.#bins.values();
  }

  /** Takes entries in turn until `fits` says no. */
  take(bin: Bin, fits: (entry: Entry) => boolean): Entry[] {
    const taken: Entry[] = [];
    while (bin.requests > 0) {
      const { flow, lane, entries } = bin.lead!;
      const entry = entries.first!;
      if (!fits(entry)) break;
      lane.served(flow, entry.rows);
      this.remove(entry);
      taken.push(entry);
    }
    return taken;
  }

  /** Who makes room for an entry of a tenant that has less than its share of what waits at its rank. */
  crowding({ rank, work }: Entry): Entry | undefined {
    const lane = this.#lanes.find((one) => one.rank === rank);
    return lane?.crowding(work.tenant, this.#weightOf(work.tenant));
  }

  /** Rows that are served before those of a request which comes now, at most. */
  rowsBefore(rank: number, tenant: string, rows: number): number {
    let before = 0;
    for (const lane of this.#lanes) {
      if (lane.rank > rank) break;
      if (lane.rank < rank) before += lane.rows;
      else before += lane.rowsBefore(tenant, this.#weightOf(tenant), rows);
    }
    return before;
  }

  requestsAt(rank: number): number {
    return this.#lanes.find((lane) => lane.rank === rank)?.requests ?? 0;
  }

  #laneOf(rank: number): Lane {
    const found = this.#lanes.find((lane) => lane.rank === rank);
    if (found) return found;
    const lane = new Lane(rank);
    this.#lanes.push(lane);
    this.#lanes.sort((a, b) => a.rank - b.rank);
    return lane;
  }
}

function isBefore(a: Bin, b: Bin): boolean {
  if (a.rank !== b.rank) return a.rank < b.rank;
  return a.tag < b.tag || (a.tag === b.tag && a.sequence < b.sequence);
}
