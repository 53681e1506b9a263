/**
 * Makes batches of requests and has them run.
 *
 * A request waits until something is free to run it and its policy closes a batch with it in it. It
 * is run at most once, in one batch, whole. What has expired or was cancelled leaves the queue at that
 * moment and is never run; what cannot be answered by its deadline, as far as can be told, is refused
 * when it comes, unless something is free to run it. A run that fails fails the requests of its
 * batch and no other.
 */
import { admit } from "./admission.ts";
import { Alarms } from "./alarms.ts";
import type { BinAlarm } from "./bin.ts";
import type { Clock } from "./clock.ts";
import { verdictOn } from "./closing.ts";
import { CostModel } from "./cost-model.ts";
import { Entry } from "./entry.ts";
import { batcherClosed, crowdedOut, deadlinePassed, timedOut } from "./errors.ts";
import { fill } from "./filling.ts";
import { levelOf, type Policy, queueOf, timeoutMs } from "./policy.ts";
import { Queue } from "./queue.ts";
import type { Room } from "./room.ts";
import { Runs } from "./runs.ts";
import { Claim, type Hold, type Slots } from "./slots.ts";
import type { Answered, Batch, Work } from "./work.ts";

export interface BatcherOptions<Item, Answer> {
  readonly policy: Policy;
  /** Batches that can be run at a time. */
  readonly instances: number;
  /** Requests that may wait. */
  readonly limit: number;
  /** Shared by the batchers of a process. */
  readonly slots: Slots;
  readonly room: Room;
  readonly clock: Clock;
  /** An answer for each item, in their order. */
  run(batch: Batch<Item>): Promise<readonly Answer[]>;
  /** What a tenant gets in proportion to others; above 0. */
  weightOf?(tenant: string): number;
}

export class Batcher<Item, Answer> {
  readonly cost = new CostModel();
  readonly #options: BatcherOptions<Item, Answer>;
  readonly #queue: Queue;
  readonly #claim: Claim;
  readonly #alarms: Alarms<Entry | BinAlarm>;
  readonly #runs: Runs;
  #sequence = 0;
  #closed: PromiseWithResolvers<void> | undefined;
  /** When it can go on, as far as can be told; undefined while it goes on. */
  #resumesAt: number | undefined;

  constructor(options: BatcherOptions<Item, Answer>) {
    this.#options = options;
    this.#queue = new Queue(options.weightOf ?? (() => 1));
    this.#claim = new Claim(() => this.#pump());
    this.#runs = new Runs({
      clock: options.clock,
      cost: this.cost,
      preserveOrdering: options.policy.preserveOrdering,
      // What is in an entry is what was submitted here.
      run: (batch) => options.run(batch as Batch<Item>),
      freed: (hold, ranMs) => {
        this.#pump();
        options.slots.release(hold, ranMs);
      },
      given: () => this.#closeIfDone(),
    });
    this.#alarms = new Alarms(options.clock, (due) => this.#ring(due));
  }

  /** What waits, and how many batches are being run. */
  get pending(): { requests: number; rows: number; running: number } {
    const { requests, rows } = this.#queue;
    return { requests, rows, running: this.#runs.count };
  }

  submit(work: Work<Item>): Promise<Answered<Answer>> {
    return new Promise<Answered<Answer>>((resolve, reject) => {
      const { clock, policy } = this.#options;
      if (this.#closed) throw batcherClosed();
      work.signal?.throwIfAborted();
      const came = clock.now();
      const deadline =
        work.deadline === undefined
          ? Number.POSITIVE_INFINITY
          : came + work.deadline - clock.timeOfDay();
      if (deadline <= came) throw deadlinePassed(0);
      const level = levelOf(policy, work.priority);
      const parts = { work, sequence: ++this.#sequence, came, deadline, rank: 2 * level };
      const entry = new Entry({ ...parts, resolve: resolve as Entry["resolve"], reject });
      if (this.#queue.requests === 0 && this.#runsAtOnce(entry)) return;
      this.#admit(entry, level);
      this.#enqueue(entry, level);
      this.#pump();
    });
  }

  /** From here on nothing is begun, for about so many milliseconds: who comes waits. */
  pause(ms = 0): void {
    this.#resumesAt = this.#options.clock.now() + ms;
  }

  resume(): void {
    this.#resumesAt = undefined;
    this.#pump();
  }

  /** Takes no more requests; resolves when those it has are answered. */
  close(): Promise<void> {
    if (this.#closed) return this.#closed.promise;
    this.#closed = Promise.withResolvers();
    for (const bin of this.#queue.bins()) this.#queue.consider(bin);
    this.#pump();
    this.#closeIfDone();
    return this.#closed.promise;
  }

  get #isFree(): boolean {
    const { instances, slots } = this.#options;
    return this.#resumesAt === undefined && this.#runs.count < instances && slots.free > 0;
  }

  /** Nothing waits: without a detour by the queue, if something is free and there is nothing to wait for. */
  #runsAtOnce(entry: Entry): boolean {
    const { policy } = this.#options;
    const { maxRows } = policy;
    const waits = policy.type === "knobs" && policy.delayMs > 0 && entry.rows < maxRows;
    if (!this.#isFree || (waits && maxRows > 1)) return false;
    const hold = this.#takeSlot(entry.came, entry.rows);
    if (!hold) return false;
    const full = entry.rows === maxRows && maxRows > 1;
    const reason = full ? "full" : entry.rows < maxRows ? "idle" : "alone";
    this.#runs.begin({ entries: [entry], rows: entry.rows, reason }, hold);
    return true;
  }

  #admit(entry: Entry, level: number): void {
    if (this.#isFree) return;
    const { policy, slots, room, limit, instances } = this.#options;
    const parallel = Math.min(instances, slots.shareOf(this.#claim));
    const { count } = this.#runs;
    const instanceInMs = count < instances ? 0 : this.#runs.firstEndsInMs(entry.came);
    const resumesInMs = (this.#resumesAt ?? entry.came) - entry.came;
    const freeInMs = Math.max(slots.freeInMs(entry.came), instanceInMs, resumesInMs);
    const load = { cost: this.cost, maxRows: policy.maxRows, parallel, freeInMs };
    const queuePolicy = queueOf(policy, level);
    // No tenant fills the queue against the others: who has most in it gives way, with its newest request.
    const isFull = this.#queue.requests >= limit;
    const crowding = isFull ? this.#queue.crowding(entry) : undefined;
    const most = crowding ? this.#queue.requests + 1 : limit;
    admit(entry, { queue: this.#queue, room, limit: most, queuePolicy, load });
    if (crowding) this.#crowdOut(crowding);
  }

  #crowdOut(crowding: Entry): void {
    const { flow } = crowding.standing!.line;
    this.#refuse(crowding, crowdedOut(flow.tenant, flow.requests, this.cost.ms(flow.rows)));
  }

  #enqueue(entry: Entry, level: number): void {
    const { policy, room } = this.#options;
    const { signal, timeoutUs, bytes } = entry.work;
    const latest = entry.came + timeoutMs(queueOf(policy, level), timeoutUs);
    this.#queue.add(entry);
    room.enter(bytes);
    this.#alarms.set(entry, Math.min(entry.deadline, latest));
    if (!signal) return;
    entry.onAbort = () => this.#refuse(entry, signal.reason);
    signal.addEventListener("abort", entry.onAbort, { once: true });
  }

  /** It is no longer in the queue, to be run or refused. */
  #left(entry: Entry): void {
    const { signal, bytes } = entry.work;
    this.#options.room.leave(bytes);
    this.#alarms.stop(entry);
    if (entry.onAbort) signal?.removeEventListener("abort", entry.onAbort);
  }

  #refuse(entry: Entry, reason: unknown): void {
    this.#leaveBin(entry);
    this.#left(entry);
    entry.reject(reason);
    if (this.#queue.requests === 0) this.#options.slots.forget(this.#claim);
    this.#closeIfDone();
  }

  #leaveBin(entry: Entry): void {
    const bin = this.#queue.remove(entry);
    if (bin.requests === 0) this.#alarms.stop(bin.alarm);
  }

  #ring(due: readonly (Entry | BinAlarm)[]): void {
    for (const alarm of due) {
      if (alarm instanceof Entry) this.#expire(alarm);
      // Those whose time came with its own may have been all that it had.
      else if (alarm.bin.requests > 0) this.#queue.consider(alarm.bin);
    }
    this.#pump();
  }

  #expire(entry: Entry): void {
    const { policy, clock } = this.#options;
    const waitedMs = clock.now() - entry.came;
    if (entry.deadline <= entry.ringsAt) this.#refuse(entry, deadlinePassed(waitedMs));
    else if (queueOf(policy, entry.rank >> 1).timeoutAction === "reject")
      this.#refuse(entry, timedOut(waitedMs));
    else this.#putBehind(entry);
  }

  /** Behind all others of its level, until its deadline. */
  #putBehind(entry: Entry): void {
    this.#leaveBin(entry);
    entry.rank++;
    entry.sequence = ++this.#sequence;
    this.#queue.add(entry);
    this.#alarms.set(entry, entry.deadline);
  }

  /** Runs what there is to be run as long as something is free. */
  #pump(): void {
    const { policy, instances, clock } = this.#options;
    const { maxRows } = policy;
    if (this.#resumesAt !== undefined || this.#runs.count >= instances) return;
    this.#alarms.look();
    while (this.#runs.count < instances) {
      const bin = this.#queue.next();
      if (bin === undefined) return;
      const now = clock.now();
      const waitingRows = this.#queue.rows;
      const verdict = verdictOn(policy, bin, { now, cost: this.cost, waitingRows, instances });
      if ("until" in verdict && !this.#mayNotWait) {
        this.#queue.rest(bin);
        this.#alarms.set(bin.alarm, verdict.until);
        continue;
      }
      const hold = this.#takeSlot(now, Math.min(bin.rows, maxRows));
      if (!hold) return;
      const reason = "until" in verdict ? (this.#closed ? "closing" : "full") : verdict.reason;
      const rows = "until" in verdict ? maxRows : verdict.rows;
      const filled = fill(this.#queue, bin, { rows, reason, maxRows, now, cost: this.cost });
      for (const entry of filled.entries) this.#left(entry);
      if (bin.requests === 0) this.#alarms.stop(bin.alarm);
      this.#runs.begin(filled, hold);
    }
  }

  /** Nothing is kept back where it takes the place of others. */
  get #mayNotWait(): boolean {
    const { limit, room } = this.#options;
    return this.#closed !== undefined || this.#queue.requests >= limit || !room.holds(0);
  }

  #takeSlot(now: number, rows: number): Hold | undefined {
    return this.#options.slots.take(this.#claim, now, this.cost.ms(rows));
  }

  #closeIfDone(): void {
    if (!this.#closed || this.#queue.requests > 0 || !this.#runs.done) return;
    this.#options.slots.forget(this.#claim);
    this.#closed.resolve();
  }
}
