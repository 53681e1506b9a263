/** The parts of the inference service that its handlers work with; `app.ts` puts them together. */
import type { Logger } from "@amaas/telemetry";
import type { Events } from "./events.ts";
import type { Infer } from "./infer.ts";
import type { Repository } from "./repository.ts";
import type { TraceSettings } from "./trace-settings.ts";

export interface Inference {
  readonly repository: Repository;
  readonly events: Events;
  readonly infer: Infer;
  readonly traces: TraceSettings;
  readonly log: Logger;
  /** Aborts when the service stops: what has been taken is answered, and nothing more is. */
  readonly stopping: AbortSignal;
  /** As clients are told it. */
  readonly serverName: string;
}
