/**
 * What serves a version once it is loaded: its signature, and a way to have requests run.
 *
 * Requests are submitted with views of the bytes they came in; they are copied once, when they are
 * run, into memory that the threads share.
 */
import type { PooledSession } from "@amaas/engine";
import { fromRaw, type Tensor, toRaw } from "@amaas/tensor";
import type { Feeds, Signature } from "./request.ts";
import type { RunQueue } from "./run-queue.ts";
import { RunTime } from "./run-time.ts";

/** One request's part in a run. */
export interface Submission {
  readonly feeds: Feeds;
  /** The first dimension of the inputs. */
  readonly rows: number;
  /** Milliseconds since the epoch. */
  readonly deadline: number | undefined;
  readonly signal: AbortSignal;
  /** Told when the wait is over and the run begins. */
  begins(): void;
}

export interface Served {
  readonly outputs: Readonly<Record<string, Tensor>>;
  readonly queuedMs: number;
  readonly ranMs: number;
}

export interface LoadedVersion {
  readonly signature: Signature;
  submit(work: Submission): Promise<Served>;
  /** Frees the memory; nothing is submitted any more. */
  close(): Promise<void>;
}

export function loadedVersion(session: PooledSession, queue: RunQueue): LoadedVersion {
  const runTime = new RunTime();
  return {
    signature: session,
    async submit({ feeds, deadline, signal, begins }) {
      const job = { bytes: bytesOf(feeds), expectedMs: runTime.expectedMs, deadline, signal };
      const { result, queuedMs, ranMs } = await queue.run(job, () => {
        begins();
        return session.run(shared(feeds), { signal });
      });
      runTime.ran(ranMs);
      return { outputs: result, queuedMs, ranMs };
    },
    close: () => session.close(),
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
