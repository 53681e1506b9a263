/**
 * The tasks of a node: starts those that are wanted and not here, stops those that are here and
 * no longer wanted. A task is known by its id; the same id is the same task.
 */
import type { Task, TaskStatus } from "@amaas/proto/amaas/scheduler/v1/fleet";

export interface RunningTask {
  status(fresh: boolean): TaskStatus;
  /** Ends the task; what it had is dropped. */
  stop(): Promise<void>;
}

export class TaskSet {
  readonly #start: (task: Task) => RunningTask;
  readonly #running = new Map<string, RunningTask>();
  readonly #stopping = new Set<Promise<void>>();

  constructor(start: (task: Task) => RunningTask) {
    this.#start = start;
  }

  assign(tasks: readonly Task[]): void {
    const wanted = new Set(tasks.map((task) => task.id));
    for (const [id, running] of this.#running) if (!wanted.has(id)) this.#stop(id, running);
    for (const task of tasks) {
      if (!this.#running.has(task.id)) this.#running.set(task.id, this.#start(task));
    }
  }

  describe(fresh: boolean): TaskStatus[] {
    return [...this.#running.values()].map((running) => running.status(fresh));
  }

  get size(): number {
    return this.#running.size;
  }

  async close(): Promise<void> {
    for (const [id, running] of this.#running) this.#stop(id, running);
    await Promise.all(this.#stopping);
  }

  #stop(id: string, running: RunningTask): void {
    this.#running.delete(id);
    const stopping = running.stop().finally(() => this.#stopping.delete(stopping));
    this.#stopping.add(stopping);
  }
}
