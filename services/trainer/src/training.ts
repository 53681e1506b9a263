/**
 * A trainer's part in a job: takes weights and orders from the parameter servers, has its compute
 * threads answer them, sends gradients back.
 *
 * It decides nothing: which samples are in a virtual shard follows from the spec, which shards to
 * compute is ordered. Computing one twice, or one that nobody needs any more, changes nothing.
 */
import type { BlobStore } from "@amaas/blobs";
import { numericClass, type Thread } from "@amaas/engine";
import { persistently, type RunningTask } from "@amaas/fleet";
import {
  type ExchangeRequest,
  type ExchangeResponse,
  Pass,
} from "@amaas/proto/amaas/parameter_server/v1/parameter_server";
import {
  type Prepared,
  type Task,
  TaskState,
  type TaskStatus,
  type TrainTask,
} from "@amaas/proto/amaas/scheduler/v1/fleet";
import type { StepTime } from "@amaas/proto/amaas/scheduler/v1/jobs";
import { span, type TreeNode } from "@amaas/reduction";
import { release } from "@amaas/rpc";
import { isGuided, type JobSpec } from "@amaas/spec";
import type { Telemetry } from "@amaas/telemetry";
import { Averages } from "./averages.ts";
import type { Summary } from "./compute.thread.ts";
import { incomplete } from "./errors.ts";
import type { TrainingEvents } from "./events.ts";
import { Guide } from "./guide.ts";
import { Link } from "./link.ts";
import { closeSplits, type LoadedSetup, loadSetup } from "./load-setup.ts";
import type { ReadAheadApi } from "./read-ahead.thread.ts";
import { GradientBuffers } from "./requests.ts";
import { prefetch, startReadAhead, startWorkers, type Worker } from "./threads.ts";
import { WeightBuffers } from "./weight-buffers.ts";
import { type Job, WorkList } from "./work-list.ts";

export interface TrainingParts {
  readonly blobs: BlobStore;
  readonly telemetry: Telemetry;
  readonly events: TrainingEvents;
  readonly node: string;
  readonly threads: number;
  /** Bytes that the features of a split may take in memory; a larger split is read by position. */
  readonly rowsMemory: number;
  changed(): void;
}

/** How long servers may stand at different versions before one is told that it lags. */
const LAG_MS = 500;

export class Training implements RunningTask {
  readonly #task: Task;
  readonly #prepared: Prepared;
  readonly #parts: TrainingParts;
  readonly #weights: WeightBuffers;
  readonly #work: WorkList;
  readonly #guide: Guide;
  /** Only where evaluations are of averaged weights. */
  readonly #averages: Averages | undefined;
  readonly #buffers = new GradientBuffers();
  readonly #lagTimer: NodeJS.Timeout;
  readonly #opening: Promise<void>;
  readonly #stop = new AbortController();
  #workers: Worker[] = [];
  #readAhead: Thread<ReadAheadApi> | undefined;
  #splits: LoadedSetup["splits"] | undefined;
  #links: Link[] = [];
  #queue: Job[] = [];
  #version = -1;
  #versionAt = performance.now();
  /** Milliseconds spent so far on taking in weights. */
  #intakeMs = 0;
  #failure = "";

  constructor(task: Task, train: TrainTask, spec: JobSpec, parts: TrainingParts) {
    if (!train.prepared) throw incomplete("preparation");
    this.#task = task;
    this.#prepared = train.prepared;
    this.#parts = parts;
    this.#weights = new WeightBuffers(train.prepared.parameterCount, train.servers.length);
    this.#work = new WorkList(spec.training.virtualShards, parts.threads);
    this.#guide = new Guide(isGuided(spec.training));
    if (spec.training.averaging)
      this.#averages = new Averages(
        new WeightBuffers(train.prepared.parameterCount, train.servers.length),
        (message) => this.#links.map((link) => link.send({ message })),
      );
    this.#lagTimer = setInterval(() => this.#tellLag(), LAG_MS);
    this.#opening = this.#open(spec, train.servers).catch((error: unknown) => this.#fail(error));
  }

  status(): TaskStatus {
    const state = this.#failure ? TaskState.FAILED : TaskState.RUNNING;
    return { id: this.#task.id, state, failure: this.#failure, detail: undefined };
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    clearInterval(this.#lagTimer);
    this.#queue = [];
    await this.#opening;
    await Promise.all(this.#links.map((link) => link.close()));
    await Promise.all([
      ...this.#workers.map(({ thread }) => thread.close()),
      this.#readAhead?.close(),
    ]);
    if (this.#splits) closeSplits(this.#splits);
    this.#parts.events.ended();
  }

  async #open(spec: JobSpec, servers: readonly string[]): Promise<void> {
    const { blobs, events, threads, rowsMemory } = this.#parts;
    const { signal } = this.#stop;
    const { numericClass: wanted } = this.#prepared;
    if (numericClass() !== wanted) events.otherArithmetic(numericClass(), wanted);
    // A thread takes as long to start as the data to load: both at once.
    this.#workers = startWorkers(threads, this.#prepared.parameterCount);
    const load = () => loadSetup(this.#prepared, spec, blobs, rowsMemory);
    await this.#openThreads(await persistently(load, { signal, onProblem: events.loadFailed }));
    if (signal.aborted) return;
    this.#links = servers.map((address, shard) => this.#link(address, shard));
    events.began(servers.length);
  }

  async #openThreads(setup: LoadedSetup): Promise<void> {
    const { slots, sampling, splits } = setup;
    this.#splits = splits;
    if (this.#stop.signal.aborted) return;
    if (slots) {
      this.#readAhead = startReadAhead();
      await this.#readAhead.call("open", { rows: splits.training, sampling, slots });
    }
    const weights = this.#weights.memory;
    const memory = { ...setup, weights, evaluated: this.#averages?.buffers.memory ?? weights };
    const open = ({ thread, result }: Worker) => thread.call("open", { ...memory, result });
    await Promise.all(this.#workers.map(open));
  }

  #link(address: string, shard: number): Link {
    const { telemetry, node, threads } = this.#parts;
    const { job, generation } = this.#task;
    return new Link({
      address,
      join: { job, generation, shard, worker: node, threads },
      telemetry,
      buffers: this.#buffers,
      joined: () => {
        this.#work.forgetBegun();
        this.#averages?.forgetAsked();
        this.#passOnClosing(shard);
      },
      received: (message) => this.#receive(shard, message),
      lost: (problem) => this.#parts.events.linkLost(shard, address, problem),
    });
  }

  #receive(shard: number, { message }: ExchangeResponse): void {
    if (message?.$case === "weights") {
      const from = performance.now();
      this.#weights.put(shard, message.value);
      release(message.value.values);
      this.#intakeMs += performance.now() - from;
      if (this.#weights.version > this.#version) {
        this.#version = this.#weights.version;
        this.#versionAt = performance.now();
      }
    }
    if (message?.$case === "averages") this.#averages?.take(shard, message.value);
    if (message?.$case === "orders") this.#work.add(message.value);
    if (message?.$case === "guidance") {
      this.#guide.add(message.value);
      for (const shard of this.#links.keys()) this.#passOnClosing(shard);
    }
    this.#dropOlder();
    this.#pump();
  }

  /** What is left of older versions is of no use to anyone; the lead learns that this one is back. */
  #dropOlder(): void {
    const current = this.#queue.filter(({ version }) => version >= this.#version);
    const missed = this.#work.dropOlder(this.#version) || current.length < this.#queue.length;
    this.#queue = current;
    const version = this.#version;
    if (missed) this.#send(0, { message: { $case: "ahead", value: { version } } });
  }

  #pump(): void {
    if (this.#stop.signal.aborted || this.#failure) return;
    this.#queue.push(...this.#work.take(this.#version, (pass) => this.#may(pass)));
    for (const worker of this.#workers) {
      const job = worker.busy ? undefined : this.#queue.shift();
      if (job) this.#run(worker, job).catch((error: unknown) => this.#fail(error));
    }
  }

  /** Whether all is here that this pass over the data takes at the newest version. */
  #may(pass: Pass): boolean {
    if (pass === Pass.TRAINING) return this.#guide.mayTrain(this.#version);
    return this.#averages?.ready(this.#version) ?? true;
  }

  async #run(worker: Worker, job: Job): Promise<void> {
    worker.busy = true;
    const started = performance.now();
    const samples =
      job.pass === Pass.TRAINING
        ? await this.#train(worker, job)
        : await this.#evaluate(worker, job);
    const [from, to] = span(job.node, this.#work.leaves);
    this.#parts.events.computed(to - from, samples, performance.now() - started);
    worker.busy = false;
    this.#pump();
  }

  async #train({ thread, result, clock }: Worker, job: Job): Promise<number> {
    const { version, node } = job;
    clock.begin(performance.now(), this.#intakeMs);
    const leaves = span(node, this.#work.leaves);
    if (this.#readAhead) prefetch(this.#readAhead, version, this.#prepared.totalSteps, leaves);
    const summary = await thread.call("train", { version, node });
    const cameAt = performance.now();
    const { samples, sums: values } = summary;
    const guidance = this.#guide.at(version);
    const squares = this.#weights.squares(version);
    const send = async (link: Link, shard: number): Promise<void> => {
      for (const { chunk, from, to } of this.#weights.placesOf(shard)) {
        await link.room();
        // A copy, since the thread's memory is written again while this waits to be sent.
        const gradient = this.#buffers.take(new Uint8Array(result, from * 4, (to - from) * 4));
        const told = { guidance, squares: shard === 0 ? squares : undefined };
        const value = { version, ...node, chunk, samples, values, gradient, ...told };
        link.send({ message: { $case: "contribution", value } });
      }
    };
    await Promise.all(this.#links.map(send));
    const time = clock.end(performance.now(), cameAt, this.#intakeMs, summary.times);
    this.#parts.events.stepTime(time);
    // Last, since they tell the lead that all shards have theirs.
    this.#sendSums(job, node, summary, time);
    return samples;
  }

  async #evaluate({ thread, clock }: Worker, job: Job): Promise<number> {
    clock.forget();
    const split = job.pass === Pass.VALIDATION ? "validation" : "test";
    const [from, to] = span(job.node, this.#work.leaves);
    let samples = 0;
    // Leaf by leaf, so that a long pass can be ended in between.
    for (let leaf = from; leaf < to && !this.#stop.signal.aborted; leaf++) {
      const summary = await thread.call("evaluate", { version: job.version, split, leaf });
      this.#sendSums(job, { level: 0, index: leaf }, summary);
      samples += summary.samples;
    }
    return samples;
  }

  #sendSums({ pass, version }: Job, node: TreeNode, summary: Summary, time?: StepTime): void {
    const { samples, sums: values } = summary;
    const squares = this.#weights.squares(version);
    const value = { version, pass, ...node, samples, values, time, squares };
    this.#send(0, { message: { $case: "sums", value } });
  }

  #send(shard: number, request: ExchangeRequest): void {
    this.#links[shard]?.send(request);
  }

  #tellLag(): void {
    if (performance.now() - this.#versionAt < LAG_MS) return;
    const { version, shards } = this.#weights.lagging();
    if (version <= this.#version) return;
    for (const shard of shards) {
      this.#passOnClosing(shard);
      this.#send(shard, { message: { $case: "ahead", value: { version } } });
    }
  }

  /** Again whenever it may have got lost: a shard that has closed takes no notice. */
  #passOnClosing(shard: number): void {
    const { closing } = this.#guide;
    if (closing) this.#send(shard, { message: { $case: "guidance", value: closing } });
  }

  #fail(error: unknown): void {
    if (this.#stop.signal.aborted) return;
    this.#failure = this.#parts.events.failed(error);
    this.#parts.changed();
  }
}
