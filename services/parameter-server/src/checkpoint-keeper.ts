/**
 * Writes checkpoints beside the training, one at a time, with one more waiting.
 *
 * A job can only go back to a step that every shard has kept. So where writing is slower than the
 * training, a shard keeps every second one of those due, then every fourth, and so on: whatever the
 * shards' speeds, they have steps in common. The last state of a job is tried until it is written.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { BlobStore } from "@amaas/blobs";
import { errorMessage } from "@amaas/errors";
import type { Checkpoint, HostTask } from "@amaas/proto/amaas/scheduler/v1/fleet";
import { type Saved, save } from "./checkpoint.ts";
import type { ShardEvents } from "./events.ts";

interface Waiting {
  readonly saved: Saved;
  readonly last: boolean;
}

/** More than are written between two reports, since a step counts only once all shards tell of it. */
const KEPT = 32;
const RETRY_MS = 1_000;

export class CheckpointKeeper {
  readonly #blobs: BlobStore;
  readonly #events: ShardEvents;
  readonly #changed: () => void;
  #checkpoints: Checkpoint[];
  #stride = 1;
  readonly #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  /** The step that is being written. */
  #current = 0;
  #closed = false;
  /** Why the last try failed, which is told once. */
  #problem = "";

  constructor(blobs: BlobStore, events: ShardEvents, changed: () => void, from: HostTask) {
    this.#blobs = blobs;
    this.#events = events;
    this.#changed = changed;
    this.#checkpoints = from.step > 0 ? [{ step: from.step, digest: from.checkpoint }] : [];
  }

  /** Newest last. */
  kept(): Checkpoint[] {
    return this.#checkpoints;
  }

  /** Whether this step is kept, or about to be. */
  has(step: number): boolean {
    if (step === this.#current) return true;
    if (this.#waiting.some(({ saved }) => saved.state.step === step)) return true;
    return this.#checkpoints.some((checkpoint) => checkpoint.step === step);
  }

  /** Whether none waits to be written. */
  get hasRoom(): boolean {
    return this.#waiting.length === 0;
  }

  /** `due` counts the checkpoints that the job has been due so far. */
  wants(due: number): boolean {
    if (due % this.#stride !== 0) return false;
    if (this.hasRoom) return true;
    this.#stride *= 2;
    return false;
  }

  /** What is saved is the keeper's from now on. */
  keep(saved: Saved, last: boolean): void {
    this.#waiting.push({ saved, last });
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#writing;
  }

  async #write(): Promise<void> {
    while (!this.#closed) {
      const next = this.#waiting.shift();
      if (!next) return;
      const { step } = next.saved.state;
      const started = performance.now();
      this.#current = step;
      try {
        const digest = await save(next.saved, this.#blobs);
        this.#checkpoints = [...this.#checkpoints, { step, digest }].slice(-KEPT);
        this.#problem = "";
        this.#events.checkpointWritten(step, performance.now() - started);
        this.#changed();
      } catch (error) {
        this.#tell(step, error);
        if (next.last) this.#waiting.unshift(next);
        await sleep(RETRY_MS);
      } finally {
        this.#current = 0;
      }
    }
  }

  #tell(step: number, error: unknown): void {
    if (this.#problem !== errorMessage(error)) this.#events.checkpointFailed(step, error);
    this.#problem = errorMessage(error);
  }
}
