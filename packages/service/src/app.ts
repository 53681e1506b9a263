/** What a service's composition root hands to `runService`, and what it is given. */
import type { Implementation, RpcServer } from "@amaas/rpc";
import type { Telemetry } from "@amaas/telemetry";
import type { CommonConfig } from "./common-config.ts";

export interface App {
  readonly services: readonly Implementation[];
  /**
   * Told once the gRPC port is bound: host:port at which others reach this process, and the server's
   * health, for apps that answer for more names than their services'.
   */
  listening?(address: string, health: Pick<RpcServer, "setServing">): void;
  /** Whether the app can answer, or why it cannot; yes where it is left out. */
  ready?(): true | string;
  /** Takes no new work and ends long-lived streams; calls in flight still finish after it. */
  drain?(): Promise<void>;
  /** Flushes and closes; no call is in flight any more. */
  close(): Promise<void>;
}

export interface ServiceContext<C> {
  readonly config: C & CommonConfig;
  readonly telemetry: Telemetry;
  /** host:port at which others reach this process; known after `start`, so never awaited in it. */
  readonly address: Promise<string>;
}
