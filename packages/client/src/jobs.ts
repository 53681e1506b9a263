/**
 * Jobs: submit a spec together with the files it names, follow it, cancel it, read its log.
 * Following outlives interruptions: a scheduler that restarts is asked again from the step at hand.
 */
import { randomUUID } from "node:crypto";
import { DomainError } from "@amaas/errors";
import type { Job, JobsDefinition, Series } from "@amaas/proto/amaas/scheduler/v1/jobs";
import type { CallOptions, Client } from "@amaas/rpc";
import {
  fileRefs,
  type ManifestFile,
  parseJobSpec,
  withFileRefs,
  writeManifest,
} from "@amaas/spec";
import type { Blobs, TransferOptions, Uploaded } from "./blobs.ts";
import { type DataFile, findData } from "./data-files.ts";
import { hasEnded } from "./job-state.ts";
import { patience } from "./patience.ts";

export interface SubmitOptions {
  /** What relative paths in the spec are relative to; the working directory where it is left out. */
  readonly baseDirectory?: string;
  readonly traceparent?: string;
  readonly signal?: AbortSignal;
  readonly onUpload?: (file: string, done: number, total: number) => void;
  readonly onUploaded?: (file: string, uploaded: Uploaded) => void;
}

export interface WatchOptions {
  /** Losses of steps from here on are wanted. */
  readonly fromStep?: number;
  readonly signal?: AbortSignal;
  readonly traceparent?: string;
  /** The stream broke and will be opened again. */
  readonly onInterrupted?: (error: unknown) => void;
}

export interface JobUpdate {
  readonly job: Job;
  readonly firstStep: number;
  /** Mean loss of each step from `firstStep` on. */
  readonly losses: Float64Array;
  /** Other figures of each step, by name, as far as they are news; they may lag a step behind. */
  readonly series: readonly StepSeries[];
}

export interface StepSeries {
  /** "learningRate", "gradientNorm", "weightNorm" or "updateRatio" */
  readonly name: string;
  readonly firstStep: number;
  /** NaN where a figure is not known. */
  readonly values: Float64Array;
}

export interface JobLogLine {
  readonly time: Date;
  readonly severity: string;
  readonly source: string;
  readonly message: string;
}

export interface Resumed {
  readonly job: Job;
  /** Why it may end as it did before; empty where nothing speaks for it. */
  readonly warning: string;
}

export interface Jobs {
  /** Checks the document here, uploads what the store lacks, queues the job. */
  submit(document: unknown, options?: SubmitOptions): Promise<Job>;
  get(id: string): Promise<Job>;
  /** Newest first. */
  list(options?: { limit?: number; before?: string }): Promise<Job[]>;
  /** The job as it stands, then again whenever it changes, until it has ended. */
  watch(id: string, options?: WatchOptions): AsyncIterable<JobUpdate>;
  cancel(id: string): Promise<Job>;
  /** A job that has failed or was cancelled goes on from its newest checkpoint. */
  resume(id: string): Promise<Resumed>;
  log(id: string, options?: { follow?: boolean; signal?: AbortSignal }): AsyncIterable<JobLogLine>;
}

/** A job outlives a scheduler that is moved to another machine; so does whoever watches it. */
const interruptionMs = 120_000;

export function jobsOf(client: Client<JobsDefinition>, blobs: Blobs): Jobs {
  return {
    async submit(document, options = {}) {
      const digests = await uploadFiles(document, blobs, options);
      const { job } = await client.submitJob(
        { spec: withFileRefs(document, digests), idempotencyKey: randomUUID() },
        callOptions(options),
      );
      return present(job);
    },
    get: async (id) => present((await client.getJob({ id })).job),
    list: async ({ limit = 100, before = "" } = {}) =>
      (await client.listJobs({ limit, before })).jobs,
    watch: (id, options = {}) => watch(client, id, options),
    async resume(id) {
      const { job, warning } = await client.resumeJob({ id });
      return { job: present(job), warning };
    },
    cancel: async (id) => present((await client.cancelJob({ id })).job),
    log: (id, options = {}) => readLog(client, id, options),
  };
}

async function uploadFiles(
  document: unknown,
  blobs: Blobs,
  options: SubmitOptions,
): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  const spec = parseJobSpec(document);
  for (const file of fileRefs(spec)) {
    const data = await findData(options.baseDirectory ?? ".", file, spec.data.format);
    const transfer = {
      ...(options.signal ? { signal: options.signal } : {}),
      onProgress: (done: number, total: number) => options.onUpload?.(file, done, total),
    };
    const uploaded =
      typeof data === "string"
        ? await blobs.upload(data, transfer)
        : await uploadAll(data, blobs, transfer);
    digests.set(file, uploaded.digest);
    options.onUploaded?.(file, uploaded);
  }
  return digests;
}

/** Every file, then the list of them, whose digest stands for all. */
async function uploadAll(
  files: readonly DataFile[],
  blobs: Blobs,
  { signal, onProgress }: TransferOptions,
): Promise<Uploaded> {
  const listed: ManifestFile[] = [];
  let known = true;
  let bytes = 0;
  for (const { name, path } of files) {
    const uploaded = await blobs.upload(path, signal ? { signal } : {});
    listed.push({ path: name, digest: uploaded.digest, bytes: uploaded.bytes });
    known &&= uploaded.known;
    bytes += uploaded.bytes;
    onProgress?.(listed.length, files.length);
  }
  const { digest } = await blobs.upload(writeManifest(listed), signal ? { signal } : {});
  return { digest: `files:${digest}`, bytes, known };
}

async function* watch(
  client: Client<JobsDefinition>,
  id: string,
  options: WatchOptions,
): AsyncGenerator<JobUpdate> {
  const interruptions = patience({ forMs: interruptionMs, signal: options.signal });
  const { fromStep = 0 } = options;
  /** How far each curve is known, by name. */
  const known = new Map([["loss", fromStep]]);
  let ended = false;
  for (;;) {
    try {
      const from = Math.min(...known.values());
      for await (const update of client.watchJob({ id, fromStep: from }, callOptions(options))) {
        interruptions.renew();
        const job = present(update.job);
        const { firstStep } = update;
        const losses = float64s(update.losses);
        const series = update.series.map(seriesOf);
        for (const news of [{ name: "loss", firstStep, values: losses }, ...series])
          known.set(news.name, Math.max(fromStep, news.firstStep + news.values.length));
        ended = hasEnded(job.state);
        yield { job, firstStep, losses, series };
      }
      // The scheduler ends the stream after the job: leaving it before would cancel the call.
      if (ended) return;
      // A server that goes away in good order ends the stream without an error.
      throw new DomainError("unavailable", "the scheduler ended the stream before the job ended");
    } catch (error) {
      if (ended) return;
      if (options.signal?.aborted) throw error;
      options.onInterrupted?.(error);
      await interruptions.bear(error);
    }
  }
}

async function* readLog(
  client: Client<JobsDefinition>,
  id: string,
  { follow = false, signal }: { follow?: boolean; signal?: AbortSignal },
): AsyncGenerator<JobLogLine> {
  const interruptions = patience({ forMs: follow ? interruptionMs : 0, signal });
  let seen = 0;
  for (;;) {
    // The log is read from its beginning, so after an interruption the known lines are passed over.
    let at = 0;
    try {
      for await (const line of client.readJobLog({ id, follow }, callOptions({ signal }))) {
        interruptions.renew();
        if (++at <= seen) continue;
        seen = at;
        const { time = new Date(0), severity, source, message } = line;
        yield { time, severity, source, message };
      }
      return;
    } catch (error) {
      if (signal?.aborted) throw error;
      await interruptions.bear(error);
    }
  }
}

function seriesOf({ name, firstStep, values }: Series): StepSeries {
  return { name, firstStep, values: float64s(values) };
}

/** Little-endian on the wire, unaligned in the received buffer. */
function float64s(bytes: Uint8Array): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float64Array.from({ length: Math.floor(bytes.byteLength / 8) }, (_, at) =>
    view.getFloat64(at * 8, true),
  );
}

function present(job: Job | undefined): Job {
  if (job === undefined) throw new DomainError("internal", "the scheduler answered without a job");
  return job;
}

function callOptions(options: {
  signal?: AbortSignal | undefined;
  traceparent?: string;
}): CallOptions {
  const { signal, traceparent } = options;
  return { ...(signal ? { signal } : {}), ...(traceparent ? { traceparent } : {}) };
}
