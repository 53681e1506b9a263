/**
 * What has happened to one version of a model: the numbers behind ModelStatistics and behind the
 * metrics, which therefore agree.
 *
 * They mean what Triton's mean. A request that is answered counts once in `success`, `queue` and, if
 * it was run, in each compute phase with the time of the whole batch that it was in; a run counts
 * once in `batches`, by its rows. What the cache answered, or a run that was under way for the same
 * request, is a success that was not run. Recording allocates nothing and makes no text.
 */
import type { ErrorCode } from "@amaas/errors";
import { Distribution } from "@amaas/telemetry";
import { capacity, headroom, type Pace, type Resources } from "./headroom.ts";
import { PaceMeter } from "./pace.ts";

/** Triton's reasons for a failure. */
export const failureReasons = ["REJECTED", "CANCELED", "BACKEND", "OTHER"] as const;
export type FailureReason = (typeof failureReasons)[number];

const reasons: { readonly [C in ErrorCode]: FailureReason } = {
  "resource-exhausted": "REJECTED",
  cancelled: "CANCELED",
  "deadline-exceeded": "CANCELED",
  internal: "BACKEND",
  unknown: "BACKEND",
  "data-loss": "BACKEND",
  "invalid-argument": "OTHER",
  "not-found": "OTHER",
  "already-exists": "OTHER",
  "permission-denied": "OTHER",
  "failed-precondition": "OTHER",
  aborted: "OTHER",
  "out-of-range": "OTHER",
  unimplemented: "OTHER",
  unavailable: "REJECTED",
  unauthenticated: "OTHER",
};

/** How a request's answer was come by; `off` where the model has no cache. */
export type CacheOutcome = "off" | "miss" | "hit" | "coalesced";

/** One run of the model, for however many requests. */
export interface Execution {
  /** Counted from 1 since the version was loaded. */
  readonly id: number;
  /** Of all its requests. */
  readonly rows: number;
  /** Rows that were added to make up a size, and whose results were dropped. */
  readonly padding: number;
  readonly requests: number;
  /** Why no more requests were waited for. */
  readonly closedBy: string;
  /** Which of the version's instances ran it, from 0. */
  readonly instance: number;
  /** Milliseconds since the epoch at which its phases began. */
  readonly startedAt: number;
  /** Bringing the requests' rows together. */
  readonly inputMs: number;
  readonly inferMs: number;
  /** Giving each request its rows. */
  readonly outputMs: number;
}

/** One request that was answered. */
export interface Answer {
  readonly rows: number;
  /** From being submitted to the start of its run. */
  readonly queuedMs: number;
  /** End to end in this service. */
  readonly totalMs: number;
  /** Undefined where nothing was run for it. */
  readonly execution: Execution | undefined;
  readonly cache: CacheOutcome;
  /** Looking up, and of a miss keeping the answer; 0 where the model has no cache. */
  readonly cacheMs: number;
  readonly traceparent: string;
}

/** How often, and how long altogether. */
export class Tally {
  count = 0;
  ms = 0;

  add(ms: number): void {
    this.count++;
    this.ms += ms;
  }
}

/** The runs of one size. */
export interface BatchTally {
  count: number;
  inputMs: number;
  inferMs: number;
  outputMs: number;
}

/** Runs of sizes beyond so many different ones are counted together, under size 0. */
const mostSizes = 512;

/** Seconds: a tiny model takes some tens of microseconds, and callers wait for some seconds. */
const seconds = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];
const sizes = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

export class VersionStatistics {
  readonly model: string;
  readonly version: string;
  /** The labels of every series about this version. */
  readonly labels: { readonly model: string; readonly version: string };

  readonly success = new Tally();
  readonly fail = new Tally();
  readonly failures: Record<FailureReason, number> = {
    REJECTED: 0,
    CANCELED: 0,
    BACKEND: 0,
    OTHER: 0,
  };
  readonly failureCodes = new Map<ErrorCode, number>();
  readonly queue = new Tally();
  readonly computeInput = new Tally();
  readonly computeInfer = new Tally();
  readonly computeOutput = new Tally();
  readonly cacheHit = new Tally();
  readonly cacheMiss = new Tally();

  /** Rows of the requests that were run and answered. */
  inferences = 0;
  executions = 0;
  /** Rows of all runs that nobody had asked for. */
  padding = 0;
  /** Milliseconds since the epoch of the last run; 0 before the first. */
  lastInference = 0;
  /** By rows, without padding. */
  readonly batches = new Map<number, BatchTally>();
  readonly closedBy = new Map<string, number>();
  /** Requests that wait for their run. */
  waiting = 0;

  readonly requestSeconds = new Distribution(seconds);
  readonly failedSeconds = new Distribution(seconds);
  readonly queueSeconds = new Distribution(seconds);
  readonly computeInputSeconds = new Distribution(seconds);
  readonly computeInferSeconds = new Distribution(seconds);
  readonly computeOutputSeconds = new Distribution(seconds);
  readonly batchRows = new Distribution(sizes);

  readonly #requestPace = new PaceMeter();
  readonly #errorPace = new PaceMeter();
  #resources: Resources | undefined;

  constructor(model: string, version: string) {
    this.model = model;
    this.version = version;
    this.labels = { model, version };
  }

  /** Requests that have come to an end, well or not. */
  get requests(): number {
    return this.success.count + this.fail.count;
  }

  /** Of the instances that run it; undefined while none is loaded. */
  get resources(): Resources | undefined {
    return this.#resources;
  }

  /** Told by who has loaded it; the function that is returned takes it back, unless it was replaced. */
  runsWith(resources: Resources): () => void {
    this.#resources = resources;
    return () => {
      if (this.#resources === resources) this.#resources = undefined;
    };
  }

  /** Requests a second that were taken lately, and how many rows those have that were run. */
  get pace(): Pace {
    const rows = this.inferences / Math.max(1, this.computeInfer.count);
    return { rate: this.#requestPace.rate, rowsPerRequest: Math.max(1, rows) };
  }

  /** Requests a second that could be taken beside those that are; see headroom.ts. */
  get headroom(): number | undefined {
    return this.#resources && headroom(this.#resources, this.pace);
  }

  /** Of what it can do, the share that is asked of it; undefined where that is not known. */
  get utilization(): number | undefined {
    const { rate, rowsPerRequest } = this.pace;
    const most = this.#resources && capacity(this.#resources, rowsPerRequest);
    if (most === undefined) return undefined;
    return most > 0 ? rate / most : Number(rate > 0);
  }

  /** Failures a second that are this side's fault, refusals for want of room among them. */
  get errorRate(): number {
    return this.#errorPace.rate;
  }

  /** Once a second or so. */
  second(seconds: number): void {
    const { REJECTED, BACKEND } = this.failures;
    this.#requestPace.tell(this.requests - REJECTED, seconds);
    this.#errorPace.tell(REJECTED + BACKEND, seconds);
  }

  executed({ rows, padding, closedBy, inputMs, inferMs, outputMs }: Execution): void {
    this.executions++;
    this.padding += padding;
    this.lastInference = Date.now();
    this.batchRows.observe(rows);
    this.closedBy.set(closedBy, (this.closedBy.get(closedBy) ?? 0) + 1);
    const batch = this.#batchOf(rows);
    batch.count++;
    batch.inputMs += inputMs;
    batch.inferMs += inferMs;
    batch.outputMs += outputMs;
  }

  answered(answer: Answer): void {
    const { totalMs, queuedMs, execution, cacheMs, traceparent } = answer;
    const now = Date.now();
    this.success.add(totalMs);
    this.queue.add(queuedMs);
    this.requestSeconds.observe(totalMs / 1000, traceparent, now);
    this.queueSeconds.observe(queuedMs / 1000, traceparent, now);
    if (answer.cache === "hit" || answer.cache === "coalesced") this.cacheHit.add(cacheMs);
    else if (answer.cache === "miss") this.cacheMiss.add(cacheMs);
    if (execution === undefined) return;

    this.inferences += answer.rows;
    const { inputMs, inferMs, outputMs } = execution;
    this.computeInput.add(inputMs);
    this.computeInfer.add(inferMs);
    this.computeOutput.add(outputMs);
    this.computeInputSeconds.observe(inputMs / 1000, traceparent, now);
    this.computeInferSeconds.observe(inferMs / 1000, traceparent, now);
    this.computeOutputSeconds.observe(outputMs / 1000, traceparent, now);
  }

  failed(code: ErrorCode, totalMs: number, traceparent: string): void {
    this.fail.add(totalMs);
    this.failures[reasons[code]]++;
    this.failureCodes.set(code, (this.failureCodes.get(code) ?? 0) + 1);
    this.failedSeconds.observe(totalMs / 1000, traceparent, Date.now());
  }

  #batchOf(rows: number): BatchTally {
    const found = this.batches.get(rows);
    if (found !== undefined) return found;
    if (rows !== 0 && this.batches.size >= mostSizes) return this.#batchOf(0);
    const made = { count: 0, inputMs: 0, inferMs: 0, outputMs: 0 };
    this.batches.set(rows, made);
    return made;
  }
}
