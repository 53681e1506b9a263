/** How a server stops: no new calls, time for those in flight, then the end of the rest. */

import type { Http2Session } from "node:http2";
import { DomainError } from "@amaas/errors";
import type { InFlight } from "./in-flight.ts";
import type { Listener } from "./listener.ts";

/** For the last statuses to leave. Whoever only watches the health stays as long. */
const partingMs = 100;

export interface Stoppable {
  stop(reason: DomainError): void;
}

/** `hurry` cuts the waiting short. */
export async function drain(
  sessions: Iterable<Http2Session>,
  listener: Listener,
  inFlight: InFlight<Stoppable>,
  ms: number,
  hurry: AbortSignal,
): Promise<void> {
  listener.refuse();
  // Asks the peers to go when their calls are done.
  for (const session of sessions) session.close();
  await inFlight.empty(AbortSignal.any([hurry, AbortSignal.timeout(ms)]));
  for (const call of inFlight) call.stop(new DomainError("unavailable", "the server is stopping"));
  await listener.close(AbortSignal.timeout(partingMs));
}
