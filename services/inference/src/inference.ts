/** The parts of the inference service that its handlers work with; `app.ts` puts them together. */
import type { Events } from "./events.ts";
import type { Infer } from "./infer.ts";
import type { Repository } from "./repository.ts";

export interface Inference {
  readonly repository: Repository;
  readonly events: Events;
  readonly infer: Infer;
}
