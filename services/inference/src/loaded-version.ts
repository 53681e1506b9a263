/**
 * What serves a version once it is loaded: its signature, and a batcher that has requests run.
 *
 * Requests are submitted with views of the bytes they came in; they are copied once, when they are
 * run, into memory that the threads share.
 */
import { Batcher, type Room, type Slots, systemClock } from "@amaas/batching";
import type { ServingSession } from "@amaas/engine";
import type { ModelConfig } from "@amaas/proto/inference/model_config";
import { type Tensor, toRaw } from "@amaas/tensor";
import { type AnswerCache, answerCacheOf } from "./answer-cache.ts";
import type { Outputs } from "./assemble.ts";
import type { Batching } from "./batching.ts";
import type { Events } from "./events.ts";
import type { Wanted } from "./model-version.ts";
import type { Feeds, Signature } from "./request.ts";
import type { Residence } from "./residence.ts";
import type { ResponseCache } from "./response-cache.ts";
import { type Item, type Outcome, Runner } from "./runner.ts";
import { shapesOf } from "./shapes.ts";
import type { Slabs } from "./slabs.ts";
import type { Execution, VersionStatistics } from "./version-statistics.ts";

/** One request's part in a run. */
export interface Submission {
  readonly feeds: Feeds;
  /** As the version's batching counts them. */
  readonly rows: number;
  readonly tenant: string;
  /** 1 is served first; 0 is the model's default. */
  readonly priority: number;
  /** Microseconds that it may wait, where the model's configuration lets requests say so; 0: its default. */
  readonly timeoutUs: number;
  /** Milliseconds since the epoch. */
  readonly deadline: number | undefined;
  readonly signal: AbortSignal;
  /** The span that its queue span descends from. */
  readonly traceparent: string;
}

export interface Served {
  readonly outputs: Outputs;
  readonly queuedMs: number;
  /** The run that it had a part in. */
  readonly execution: Execution;
}

export interface LoadedVersion {
  readonly signature: Signature;
  /** As it was written down, completed from the signature. */
  readonly config: ModelConfig;
  readonly batching: Batching;
  readonly statistics: VersionStatistics;
  /** Where the model's configuration wants one. */
  readonly answers: AnswerCache | undefined;
  /** Where memory has a budget: whether it is loaded at the moment. */
  readonly residence?: Pick<Residence, "isHere" | "order"> | undefined;
  submit(work: Submission): Promise<Served>;
  /** Frees the memory when what was submitted is answered; nothing is submitted any more. */
  close(): Promise<void>;
}

/** What the versions of a process share. */
export interface Common {
  /** Runs at a time. */
  readonly slots: Slots;
  /** Bytes that wait. */
  readonly room: Room;
  readonly slabs: Slabs;
  readonly cache: ResponseCache;
  /** What a tenant gets in proportion to others. */
  weightOf(tenant: string): number;
  /** Requests that may wait for one version. */
  readonly queueLimit: number;
  readonly events: Pick<Events, "statistics" | "executed">;
}

export interface Opened {
  readonly session: ServingSession;
  /** The session, where it comes and goes. */
  readonly residence?: Residence;
  readonly config: ModelConfig;
  /** Runs that the session has at a time. */
  readonly instances: number;
  readonly batching: Batching;
}

export function loadedVersion(
  { model, version }: Pick<Wanted, "model" | "version">,
  { session, residence, config, instances, batching }: Opened,
  { slots, room, slabs, cache, weightOf, queueLimit, events }: Common,
): LoadedVersion {
  const answers = answerCacheOf(config, session, cache);
  const statistics = events.statistics.open(model, String(version));
  const runner = new Runner({ session, statistics, slabs, events });
  const batcher = new Batcher<Item, Outcome>({
    policy: batching.policy,
    instances,
    limit: queueLimit,
    slots,
    room,
    clock: systemClock,
    weightOf,
    run: (batch) => runner.run(batch),
  });
  residence?.serves(batcher);
  const unloaded = statistics.runsWith({
    get memoryBytes() {
      return session.memoryBytes;
    },
    get quarantined() {
      return session.failure !== undefined;
    },
    instances,
    maxRows: batching.policy.maxRows,
    targetP99Ms: batching.policy.type === "target" ? batching.policy.targetP99Ms : undefined,
    cost: batcher.cost,
  });
  const shapeOf = shapesOf(session);
  return {
    signature: session,
    config,
    batching,
    statistics,
    answers,
    residence,
    async submit({ feeds, rows, traceparent, ...rest }) {
      const { signal } = rest;
      const item: Item = { feeds, rows, signal, traceparent, came: performance.now(), waits: true };
      statistics.waiting++;
      residence?.enter(item.came, traceparent);
      try {
        const { answer, queuedMs } = await batcher.submit({
          ...rest,
          item,
          rows: Math.max(1, rows),
          bytes: bytesOf(feeds),
          shape: shapeOf(feeds),
        });
        if ("error" in answer) throw answer.error;
        return { ...answer, queuedMs };
      } finally {
        runner.stopsWaiting(item);
        residence?.leave();
      }
    },
    async close() {
      answers?.close();
      await batcher.close();
      unloaded();
      events.statistics.close(statistics);
      await session.close();
    },
  };
}

/** Smaller memory is shared with other messages. */
const ofOneMessage = 2 ** 17;

/** What a waiting request holds in memory: its inputs, or all of the message that they are views of. */
function bytesOf(feeds: Feeds): number {
  let bytes = 0;
  let message = 0;
  for (const tensor of Object.values(feeds)) {
    if (isText(tensor)) {
      bytes += charactersOf(tensor.data);
      continue;
    }
    const { buffer, byteLength } = toRaw(tensor);
    bytes += byteLength;
    if (buffer.byteLength > message) message = buffer.byteLength;
  }
  return message > ofOneMessage ? Math.max(bytes, message) : bytes;
}

function charactersOf(texts: readonly string[]): number {
  let count = 0;
  for (const text of texts) count += text.length;
  return count;
}

function isText(tensor: Tensor): tensor is Tensor<"BYTES"> {
  return tensor.type === "BYTES";
}
