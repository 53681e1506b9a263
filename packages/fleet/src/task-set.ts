/**
 * The tasks of a node: starts those that are wanted and not here, stops those that are here and
 * no longer wanted. A task is known by its id; the same id is the same task.
 */
import { errorMessage } from "@amaas/errors";
import { type Task, TaskState, type TaskStatus } from "@amaas/proto/amaas/scheduler/v1/fleet";

export interface RunningTask {
  status(fresh: boolean): TaskStatus;
  /** Ends the task; what it had is dropped. */
  stop(): Promise<void>;
}

export class TaskSet {
  readonly #start: (task: Task) => RunningTask;
  readonly #running = new Map<string, RunningTask>();
  readonly #stopping = new Set<Promise<void>>();
  #closed = false;

  constructor(start: (task: Task) => RunningTask) {
    this.#start = start;
  }

  assign(tasks: readonly Task[]): void {
    // The scheduler may still want tasks of a node that is about to leave.
    if (this.#closed) return;
    const wanted = new Set(tasks.map((task) => task.id));
    for (const [id, running] of this.#running) if (!wanted.has(id)) this.#stop(id, running);
    for (const task of tasks) {
      if (!this.#running.has(task.id)) this.#running.set(task.id, this.#begin(task));
    }
  }

  describe(fresh: boolean): TaskStatus[] {
    return [...this.#running.values()].map((running) => running.status(fresh));
  }

  get size(): number {
    return this.#running.size;
  }

  /** Ends all tasks; none is started any more. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const [id, running] of this.#running) this.#stop(id, running);
    await Promise.all(this.#stopping);
  }

  /** A task that cannot even be started has failed, and says so; the others go on. */
  #begin(task: Task): RunningTask {
    try {
      return this.#start(task);
    } catch (error) {
      const { id } = task;
      const failure = errorMessage(error);
      const status = { id, state: TaskState.FAILED, failure, detail: undefined };
      return { status: () => status, stop: async () => {} };
    }
  }

  #stop(id: string, running: RunningTask): void {
    this.#running.delete(id);
    const stopping = running.stop().finally(() => this.#stopping.delete(stopping));
    this.#stopping.add(stopping);
  }
}
