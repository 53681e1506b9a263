/**
 * Keeps a node attached to the scheduler for as long as the node lives.
 *
 * Level-triggered in both directions: the node's whole state goes out on every change, on every
 * reconnect and on a slow beat; the whole list of tasks that comes back is handed on each time it
 * comes. While the scheduler is away the node simply goes on with the tasks it has.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { errorMessage } from "@amaas/errors";
import {
  type AttachRequest,
  FleetDefinition,
  type NodeRole,
  type Task,
  type TaskStatus,
} from "@amaas/proto/amaas/scheduler/v1/fleet";
import { Channel, createClient } from "@amaas/rpc";
import type { Telemetry } from "@amaas/telemetry";

export interface AttachOptions {
  readonly scheduler: string;
  readonly node: string;
  readonly role: NodeRole;
  /** host:port at which other nodes reach this one. */
  readonly address: string;
  readonly threads: number;
  readonly telemetry: Telemetry;
  /** How the tasks stand; `fresh` on the first status of a stream, which must leave nothing out. */
  describe(fresh: boolean): TaskStatus[];
  /** The tasks that the node should have from now on. */
  assign(tasks: readonly Task[]): void;
}

export interface Attachment {
  /** Something that `describe` tells has changed. */
  changed(): void;
  /** A line for the log of a job. */
  log(job: string, severity: "info" | "warn" | "error", message: string): void;
  /** Asks for no new tasks. */
  drain(): void;
  close(): Promise<void>;
}

const BEAT_MS = 2_000;
/** Changes closer together than this are told at once. */
const GATHER_MS = 100;
/** Between two tries: a scheduler that was killed is back within a second or two. */
const LONGEST_PAUSE_MS = 500;
const MAX_LOGS = 200;

export function attach(options: AttachOptions): Attachment {
  const { telemetry, describe, assign } = options;
  const client = createClient(FleetDefinition, options.scheduler, { telemetry });
  const stop = new AbortController();
  const incarnation = randomUUID();
  let draining = false;
  let channel: Channel<AttachRequest> | undefined;
  let gathering: NodeJS.Timeout | undefined;
  let logs: AttachRequest["logs"] = [];

  const say = (fresh: boolean): void => {
    clearTimeout(gathering);
    gathering = undefined;
    if (!channel) return;
    // A scheduler that does not keep up is told how things stand by the time it does.
    if (channel.size > 0) {
      changed();
      return;
    }
    const { node, role, address, threads } = options;
    const tasks = describe(fresh);
    channel.push({ node, incarnation, role, address, threads, draining, tasks, logs });
    logs = [];
  };

  const changed = (): void => {
    gathering ??= setTimeout(() => say(false), GATHER_MS);
  };

  const converse = async (): Promise<void> => {
    const outgoing = new Channel<AttachRequest>();
    channel = outgoing;
    const beat = setInterval(() => say(false), BEAT_MS);
    try {
      say(true);
      // Spans of a stream that lives as long as the node would never be seen: no trace context.
      for await (const { tasks } of client.attach(outgoing, { signal: stop.signal })) assign(tasks);
    } finally {
      clearInterval(beat);
      outgoing.end();
      channel = undefined;
    }
  };

  const live = async (): Promise<void> => {
    let failures = 0;
    while (!stop.signal.aborted) {
      const started = Date.now();
      const problem = await converse().then(
        () => undefined,
        (error: unknown) => errorMessage(error),
      );
      if (stop.signal.aborted) return;
      failures = Date.now() - started > 5_000 ? 0 : failures + 1;
      // The first failure is often a scheduler that is just starting; a lasting one is worth a line.
      if (failures === 6) telemetry.log.warn("scheduler is out of reach", { problem });
      const pause = Math.min(100 * 2 ** failures, LONGEST_PAUSE_MS) * (0.75 + Math.random() / 2);
      await sleep(pause, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  };
  const living = live();

  return {
    changed,
    log(job, severity, message) {
      logs = [...logs, { job, time: Date.now(), severity, message }].slice(-MAX_LOGS);
      changed();
    },
    drain() {
      draining = true;
      say(false);
    },
    async close() {
      stop.abort();
      clearTimeout(gathering);
      channel?.end();
      await living;
      client.close();
    },
  };
}
