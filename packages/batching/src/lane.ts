/**
 * Fairness among tenants at one rank.
 *
 * Each tenant has a tag: the rows it was served so far, divided by its weight. Whoever has the
 * smallest is next. Who comes after a pause does not bring the time with it in which it asked for
 * nothing: it starts at the smallest tag of those who wait. Requests that leave without a run cost
 * their tenant nothing.
 *
 * Of two tenants that wait all the time, rows served by weight never differ by more than the largest
 * request of each, beside what shapes that are not shared add: at most one batch.
 */
import { Chain } from "./chain.ts";
import type { Entry } from "./entry.ts";
import { Heap, type Member } from "./heap.ts";

/** What waits of one tenant in one lane. */
export class Flow implements Member {
  /** Among those of its lane that wait. */
  place = -1;
  readonly tenant: string;
  readonly weight: number;
  tag = 0;
  rows = 0;
  requests = 0;
  readonly lines = new Map<string, Line>();

  constructor(tenant: string, weight: number) {
    this.tenant = tenant;
    this.weight = weight;
  }

  get newest(): Entry | undefined {
    let newest: Entry | undefined;
    for (const { entries } of this.lines.values())
      if (!newest || entries.last!.sequence > newest.sequence) newest = entries.last;
    return newest;
  }
}

/** What waits of one flow in one shape, in the order in which it came. */
export class Line implements Member {
  /** Among the lines of its bin and rank. */
  place = -1;
  readonly flow: Flow;
  readonly lane: Lane;
  readonly shape: string;
  readonly entries = new Chain<Entry>();
  /** The key it stands with, which is behind what it should be when its flow was served elsewhere. */
  tag = 0;
  sequence = 0;

  constructor(flow: Flow, lane: Lane, shape: string) {
    this.flow = flow;
    this.lane = lane;
    this.shape = shape;
  }
}

export class Lane {
  readonly rank: number;
  rows = 0;
  requests = 0;
  /** Of those who wait. */
  weight = 0;
  readonly #waiting = new Heap<Flow>((a, b) => a.tag < b.tag);
  readonly #flows = new Map<string, Flow>();
  /** Where who comes starts. */
  #time = 0;
  /** The largest tag that any had. */
  #latest = 0;
  #forgetAt = 64;

  constructor(rank: number) {
    this.rank = rank;
  }

  /** Rows that are served before those of a request which comes now, at most. */
  rowsBefore(tenant: string, weight: number, rows: number): number {
    const flow = this.#flows.get(tenant);
    const waits = flow !== undefined && flow.requests > 0;
    const all = waits ? this.weight : this.weight + weight;
    const share = (((flow?.rows ?? 0) + rows) * all) / weight - rows;
    return Math.min(this.rows, share);
  }

  /**
   * Who would leave a full lane to a request of `tenant`: the newest of whoever has most requests in
   * it for its weight, if that is more than the tenant would have. Takes time in the number of tenants.
   */
  crowding(tenant: string, weight: number): Entry | undefined {
    let most = ((this.#flows.get(tenant)?.requests ?? 0) + 1) / weight;
    let crowd: Flow | undefined;
    for (const flow of this.#waiting.members()) {
      if (flow.requests / flow.weight <= most) continue;
      most = flow.requests / flow.weight;
      crowd = flow;
    }
    return crowd?.newest;
  }

  /** The line that a new entry joins. */
  lineOf(tenant: string, weight: number, shape: string): Line {
    let flow = this.#flows.get(tenant);
    if (flow === undefined) {
      if (this.#flows.size >= this.#forgetAt) this.#forget();
      flow = new Flow(tenant, weight);
      this.#flows.set(tenant, flow);
    }
    let line = flow.lines.get(shape);
    if (line === undefined) {
      line = new Line(flow, this, shape);
      flow.lines.set(shape, line);
    }
    return line;
  }

  joined(flow: Flow, rows: number): void {
    if (flow.requests === 0) {
      this.#time = Math.max(this.#time, this.#waiting.first?.tag ?? 0);
      flow.tag = Math.max(flow.tag, this.#time);
      this.#waiting.push(flow);
      this.weight += flow.weight;
    }
    flow.requests++;
    flow.rows += rows;
    this.requests++;
    this.rows += rows;
  }

  served(flow: Flow, rows: number): void {
    flow.tag += rows / flow.weight;
    if (flow.tag > this.#latest) this.#latest = flow.tag;
    this.#waiting.moved(flow);
  }

  left(flow: Flow, rows: number): void {
    flow.requests--;
    flow.rows -= rows;
    this.requests--;
    this.rows -= rows;
    if (flow.requests > 0) return;
    this.#waiting.remove(flow);
    // Sums of fractions drift; an empty lane has no weight at all, and nobody is ahead of others.
    this.weight = this.#waiting.size === 0 ? 0 : this.weight - flow.weight;
    if (this.#waiting.size === 0) this.#time = this.#latest;
  }

  /** Tenants who wait for nothing and are ahead of nobody begin anew when they come back. */
  #forget(): void {
    this.#time = Math.max(this.#time, this.#waiting.first?.tag ?? 0);
    for (const [tenant, flow] of this.#flows)
      if (flow.requests === 0 && flow.tag <= this.#time) this.#flows.delete(tenant);
    this.#forgetAt = 2 * this.#flows.size + 64;
  }
}
