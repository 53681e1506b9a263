/**
 * What serves a version once it is loaded: its signature, and a way to have requests run.
 *
 * Requests are submitted with views of the bytes they came in; they are copied once, when they are
 * run, into memory that the threads share.
 */
import type { ServingSession } from "@amaas/engine";
import type { ModelConfig } from "@amaas/proto/inference/model_config";
import { fromRaw, type Tensor, toRaw } from "@amaas/tensor";
import type { Events } from "./events.ts";
import type { Resources } from "./headroom.ts";
import { completeConfig } from "./model-config/complete.ts";
import type { Wanted } from "./model-version.ts";
import type { Feeds, Signature } from "./request.ts";
import type { RunQueue } from "./run-queue.ts";
import { RunTime } from "./run-time.ts";
import type { Execution, VersionStatistics } from "./version-statistics.ts";

/** One request's part in a run. */
export interface Submission {
  readonly feeds: Feeds;
  /** The first dimension of the inputs. */
  readonly rows: number;
  /** 1 is the highest; 0: the model's default. */
  readonly priority: number;
  /** Microseconds that it may wait; 0: the model's default. */
  readonly timeoutUs: number;
  /** Milliseconds since the epoch. */
  readonly deadline: number | undefined;
  readonly signal: AbortSignal;
  /** The span that its queue span descends from. */
  readonly traceparent: string;
  /** Told when the wait is over and the run begins. */
  begins(): void;
}

export interface Served {
  readonly outputs: Readonly<Record<string, Tensor>>;
  readonly queuedMs: number;
  /** The run that it had a part in. */
  readonly execution: Execution;
}

export interface LoadedVersion {
  readonly signature: Signature;
  /** As it was written down, completed from the signature. */
  readonly config: ModelConfig;
  readonly statistics: VersionStatistics;
  submit(work: Submission): Promise<Served>;
  /** Frees the memory; nothing is submitted any more. */
  close(): Promise<void>;
}

let executions = 0;

export function loadedVersion(
  { model, version, config: stated }: Wanted,
  session: ServingSession,
  queue: RunQueue,
  events: Pick<Events, "statistics" | "executed">,
): LoadedVersion {
  const config = completeConfig(model, stated, session);
  const runTime = new RunTime();
  const statistics = events.statistics.open(model, String(version));
  const unloaded = statistics.runsWith(resourcesOf(session, runTime));
  return {
    signature: session,
    config,
    statistics,
    async submit({ feeds, rows, deadline, signal, traceparent, begins }) {
      const job = { bytes: bytesOf(feeds), expectedMs: runTime.expectedMs, deadline, signal };
      let inputMs = 0;
      const { result, queuedMs, ranMs } = await queue.run(job, () => {
        begins();
        const started = performance.now();
        const copied = shared(feeds);
        inputMs = performance.now() - started;
        return session.run(copied, { signal });
      });
      runTime.ran(ranMs);
      const execution: Execution = {
        id: ++executions,
        rows,
        padding: 0,
        requests: 1,
        closedBy: "alone",
        instance: 0,
        startedAt: Date.now() - ranMs,
        inputMs,
        inferMs: ranMs - inputMs,
        outputMs: 0,
      };
      events.executed(statistics, execution, [{ traceparent, queuedMs }]);
      return { outputs: result, queuedMs, execution };
    },
    async close() {
      unloaded();
      events.statistics.close(statistics);
      await session.close();
    },
  };
}

function resourcesOf(session: ServingSession, runTime: RunTime): Resources {
  const ms = () => runTime.expectedMs;
  return {
    get memoryBytes() {
      return session.memoryBytes;
    },
    get quarantined() {
      return session.failure !== undefined;
    },
    instances: 1,
    maxRows: 1,
    targetP99Ms: undefined,
    cost: {
      get known() {
        return ms() > 0;
      },
      ms,
      rowsWithin: () => 1,
    },
  };
}

function shared(feeds: Feeds): Feeds {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, tensor]) => [name, sharedTensor(tensor)]),
  );
}

function sharedTensor(tensor: Tensor): Tensor {
  const { type, shape } = tensor;
  return isText(tensor) ? tensor : fromRaw(type, shape, toRaw(tensor), { shared: true });
}

/** What a waiting request holds in memory. */
function bytesOf(feeds: Feeds): number {
  let bytes = 0;
  for (const tensor of Object.values(feeds))
    bytes += isText(tensor) ? charactersOf(tensor.data) : toRaw(tensor).byteLength;
  return bytes;
}

function charactersOf(texts: readonly string[]): number {
  let count = 0;
  for (const text of texts) count += text.length;
  return count;
}

function isText(tensor: Tensor): tensor is Tensor<"BYTES"> {
  return tensor.type === "BYTES";
}
