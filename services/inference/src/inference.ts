/** The parts of the inference service that its handlers work with; `app.ts` puts them together. */
import type { Events } from "./events.ts";
import type { Repository } from "./repository.ts";
import type { RunQueue } from "./run-queue.ts";

export interface Inference {
  readonly repository: Repository;
  readonly queue: RunQueue;
  readonly events: Events;
}
