/** What carries events between processes, and what it tells the bus. */
import type { Attributes } from "@amaas/telemetry";
import type { WireEvent } from "./event.ts";

export interface Receiver {
  /** An event has come, possibly malformed, repeated or late. */
  received(event: WireEvent, attributes?: Attributes): void;
  /** From now on events come; those of before may have been missed. */
  connected(): void;
}

export interface Transport {
  /** The `messaging.system` of spans. */
  readonly system: string;
  /** Resolves once the event is handed over. Rejects with `unavailable`, in bounded time. */
  send(event: WireEvent): Promise<void>;
  close(): Promise<void>;
}

export type OpenTransport = (receiver: Receiver) => Transport;
