/**
 * The jobs that have not ended, in memory, and the one door through which they change.
 *
 * Changes take turns. A change is in the database before anyone can see it; only what can be
 * told again at any time (the reason, the progress) changes in memory alone. Where the database
 * refuses, nothing has changed.
 */

import { isDomainError } from "@amaas/errors";
import { Curves, type Piece } from "./curves.ts";
import { jobNotFound, queueIsFull } from "./errors.ts";
import type { SchedulerEvents } from "./events.ts";
import { type ActiveJob, type EndedJob, isActive, type Job } from "./job.ts";
import type { Change, Store } from "./store.ts";
import type { Watchers } from "./watch.ts";

interface Entry {
  job: ActiveJob;
  readonly curves: Curves;
  /** How many steps of each curve are in the database. */
  stored: ReadonlyMap<string, number>;
}

interface ChangeOfActive extends Change {
  readonly before: ActiveJob;
}

export interface Reading {
  readonly job: Job;
  readonly curves: Curves;
}

const mostActive = 10_000;

export class Ledger {
  readonly #store: Store;
  readonly #watchers: Watchers;
  readonly #events: SchedulerEvents;
  readonly #changed: () => void;
  #entries = new Map<string, Entry>();
  #turn: Promise<unknown> = Promise.resolve();

  /** `changed` is called after every commit. */
  constructor(parts: {
    store: Store;
    watchers: Watchers;
    events: SchedulerEvents;
    changed: () => void;
  }) {
    this.#store = parts.store;
    this.#watchers = parts.watchers;
    this.#events = parts.events;
    this.#changed = parts.changed;
  }

  /** Reads what has not ended; also after another scheduler has interfered. */
  load(): Promise<void> {
    return this.#inTurn(() => this.#load());
  }

  /** In the order they came. */
  active(): ActiveJob[] {
    return [...this.#entries.values()].map(({ job }) => job);
  }

  /** Keeps a new job; where the key was used before, answers with the job of then. */
  submit(job: ActiveJob, idempotencyKey: string): Promise<Job> {
    return this.#inTurn(async () => {
      this.#requireRoom();
      const kept = await this.#store.insert(job, idempotencyKey);
      if (kept.id !== job.id) return this.find(kept.id) ?? kept;
      this.#entries.set(job.id, { job, curves: new Curves(), stored: new Map() });
      this.#events.jobQueued(job);
      this.#changed();
      return job;
    });
  }

  /** Ended jobs are not here: `decide` is given such a one, and what it answers with has not ended. */
  revive(id: string, decide: (job: EndedJob) => ActiveJob): Promise<Job> {
    return this.#inTurn(async () => {
      const before = await this.get(id);
      if (!before) throw jobNotFound(id);
      if (isActive(before)) return before;
      this.#requireRoom();
      const after = { ...decide(before), revision: before.revision + 1 };
      await this.#persist([{ before, after }]);
      const entries = new Map(this.#entries).set(id, await this.#entryOf(after));
      this.#entries = new Map([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
      this.#events.jobResumed(before, after);
      this.#watchers.notify(id);
      return after;
    });
  }

  /**
   * `decide` answers with jobs that are to become something else; it is called in turn, so the
   * jobs it is given are what they are. Answers whether anything durable has changed.
   */
  change(decide: (jobs: readonly ActiveJob[]) => readonly Job[]): Promise<boolean> {
    return this.#inTurn(async () => {
      const changes = decide(this.active()).flatMap((after) => this.#changeTo(after));
      const durable = changes.filter(isDurable);
      if (durable.length > 0) await this.#persist(durable);
      for (const change of changes) this.#apply(change);
      return durable.length > 0;
    });
  }

  /** A job that has not ended. */
  find(id: string): ActiveJob | undefined {
    return this.#entries.get(id)?.job;
  }

  /** What the lead of a job tells of its steps. */
  addToCurves(id: string, pieces: readonly Piece[]): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    for (const piece of pieces)
      if (!entry.curves.merge(piece)) this.#events.stepsMissing(entry.job, piece);
    this.#watchers.notify(id);
  }

  async read(id: string): Promise<Reading | undefined> {
    const entry = this.#entries.get(id);
    if (entry) return entry;
    const job = await this.#store.get(id);
    return job && { job, curves: await this.#store.curves(id) };
  }

  async get(id: string): Promise<Job | undefined> {
    return this.find(id) ?? (await this.#store.get(id));
  }

  /** Newest first; of those that have not ended, as they are now. */
  async list(range: { limit: number; before: string }): Promise<Job[]> {
    const jobs = await this.#store.list(range);
    return jobs.map((job) => this.find(job.id) ?? job);
  }

  async #load(): Promise<void> {
    const entries = new Map<string, Entry>();
    for (const job of await this.#store.active())
      if (isActive(job)) entries.set(job.id, await this.#entryOf(job));
    this.#entries = entries;
    this.#events.jobsCounted(await this.#store.counts());
  }

  async #entryOf(job: ActiveJob): Promise<Entry> {
    const curves = await this.#store.curves(job.id);
    const stored = curves.lengths();
    // The database may be ahead, from before the job went back to a checkpoint.
    curves.truncate(job.progress?.step ?? 0);
    return { job, curves, stored };
  }

  #requireRoom(): void {
    if (this.#entries.size >= mostActive) throw queueIsFull(mostActive);
  }

  #changeTo(job: Job): ChangeOfActive[] {
    const entry = this.#entries.get(job.id);
    if (!entry || entry.job === job) return [];
    const { job: before, curves, stored } = entry;
    if (!differsDurably(before, job)) return [{ before, after: job }];
    const after = { ...job, revision: before.revision + 1 };
    const leavesTraining = before.state === "TRAINING" && after.state !== "TRAINING";
    const due = leavesTraining || checkpointsOf(before) !== checkpointsOf(after);
    return [
      { before, after, ...(due && { pieces: curves.pieces((name) => stored.get(name) ?? 0) }) },
    ];
  }

  async #persist(changes: readonly Change[]): Promise<void> {
    try {
      await this.#store.update(changes);
      this.#changed();
    } catch (error) {
      if (isDomainError(error, "aborted")) await this.#load();
      throw error;
    }
  }

  #apply({ before, after, pieces = [] }: ChangeOfActive): void {
    const entry = this.#entries.get(after.id);
    if (!entry) return;
    const ends = pieces.map(({ name, first, values }) => [name, first + values.length] as const);
    entry.stored = new Map([...entry.stored, ...ends]);
    if (after.generation !== before.generation) entry.curves.truncate(after.progress?.step ?? 0);
    if (isActive(after)) entry.job = after;
    else this.#entries.delete(after.id);
    this.#events.jobChanged(before, after);
    this.#watchers.notify(after.id);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }
}

const isDurable = ({ before, after }: Change) => before.revision !== after.revision;

/** The reason, the progress and who waits are told again after a restart; all else has to be kept. */
function differsDurably(before: Job, after: Job): boolean {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  keys.delete("reason");
  keys.delete("progress");
  keys.delete("yieldsTo");
  return [...keys].some((key) => Reflect.get(before, key) !== Reflect.get(after, key));
}

function checkpointsOf(job: Job) {
  return job.state === "TRAINING" ? job.checkpoints : undefined;
}
