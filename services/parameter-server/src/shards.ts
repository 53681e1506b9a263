/** The shards hosted here, by job, generation and number. */

import type { RunningTask } from "@amaas/fleet";
import { type Task, TaskState, type TaskStatus } from "@amaas/proto/amaas/scheduler/v1/fleet";
import { notHosted } from "./errors.ts";
import type { HostedShard } from "./hosted-shard.ts";

export class Shards {
  readonly #shards = new Map<string, HostedShard>();

  /** Makes the shard reachable for as long as its task runs. */
  open(shard: HostedShard): RunningTask {
    const { task, host } = shard;
    const name = key(task.job, task.generation, host.shard);
    this.#shards.set(name, shard);
    return {
      status: (fresh: boolean): TaskStatus => shard.status(fresh),
      stop: async () => {
        this.#shards.delete(name);
        await shard.stop();
      },
    };
  }

  /** The shard's job rests for as long as the task runs. */
  pause({ id, job, generation }: Task, shard: number): RunningTask {
    const paused = this.get(job, generation, shard);
    paused.pause();
    const status = { id, state: TaskState.RUNNING, failure: "", detail: undefined };
    return { status: () => status, stop: async () => paused.goOn() };
  }

  get(job: string, generation: number, shard: number): HostedShard {
    const found = this.#shards.get(key(job, generation, shard));
    if (!found) throw notHosted(job, generation, shard);
    return found;
  }
}

const key = (job: string, generation: number, shard: number) => `${job}/${generation}/${shard}`;
