/**
 * A trainer's part in a job: takes weights and orders from the parameter servers, has its compute
 * threads answer them, sends gradients back.
 *
 * It decides nothing: which samples are in a virtual shard follows from the spec, which shards to
 * compute is ordered. Computing one twice, or one that nobody needs any more, changes nothing.
 */
import { type BlobStore, parseDigest } from "@amaas/blobs";
import { startThread, type Thread } from "@amaas/engine";
import type { RunningTask } from "@amaas/fleet";
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
import { type JobSpec, microBatch } from "@amaas/spec";
import type { Telemetry } from "@amaas/telemetry";
import type { ComputeApi, ComputeSetup, LeafResult } from "./compute.thread.ts";
import { incomplete } from "./errors.ts";
import type { TrainingEvents } from "./events.ts";
import { Link } from "./link.ts";
import { loadRows } from "./rows.ts";
import { WeightBuffers } from "./weight-buffers.ts";
import { type Job, WorkList } from "./work-list.ts";

interface Worker {
  readonly thread: Thread<ComputeApi>;
  readonly result: SharedArrayBuffer;
  busy: boolean;
}

export interface TrainingParts {
  readonly blobs: BlobStore;
  readonly telemetry: Telemetry;
  readonly events: TrainingEvents;
  readonly node: string;
  readonly threads: number;
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
  readonly #lagTimer: NodeJS.Timeout;
  readonly #opening: Promise<void>;
  #workers: Worker[] = [];
  #links: Link[] = [];
  #queue: Job[] = [];
  #version = -1;
  #versionAt = performance.now();
  #failure = "";
  #stopped = false;

  constructor(task: Task, train: TrainTask, spec: JobSpec, parts: TrainingParts) {
    if (!train.prepared) throw incomplete("preparation");
    this.#task = task;
    this.#prepared = train.prepared;
    this.#parts = parts;
    this.#weights = new WeightBuffers(train.prepared.parameterCount, train.servers.length);
    this.#work = new WorkList(spec.training.virtualShards, parts.threads);
    this.#lagTimer = setInterval(() => this.#tellLag(), LAG_MS);
    this.#opening = this.#open(spec, train.servers).catch((error: unknown) => this.#fail(error));
  }

  status(): TaskStatus {
    const state = this.#failure ? TaskState.FAILED : TaskState.RUNNING;
    return { id: this.#task.id, state, failure: this.#failure, detail: undefined };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#lagTimer);
    this.#queue = [];
    await this.#opening;
    await Promise.all(this.#links.map((link) => link.close()));
    await Promise.all(this.#workers.map(({ thread }) => thread.close()));
    this.#parts.events.ended();
  }

  async #open(spec: JobSpec, servers: readonly string[]): Promise<void> {
    const { events, threads } = this.#parts;
    const setup = await this.#load(spec);
    for (let index = 0; index < threads && !this.#stopped; index++)
      this.#workers.push(await this.#startWorker(setup, index));
    if (this.#stopped) return;
    this.#links = servers.map((address, shard) => this.#link(address, shard));
    events.began(servers.length);
  }

  async #load(spec: JobSpec): Promise<Omit<ComputeSetup, "result">> {
    const { blobs } = this.#parts;
    const { training, validation, test, ...prepared } = this.#prepared;
    const splits = {
      training: await loadRows(training, blobs),
      validation: await loadRows(validation, blobs),
      test: await loadRows(test, blobs),
    };
    return {
      training: await blobs.get(parseDigest(prepared.trainingGraph)),
      evaluation: await blobs.get(parseDigest(prepared.evaluationGraph)),
      parameters: prepared.parameters,
      parameterCount: prepared.parameterCount,
      sums: prepared.sums.length,
      integerLabels: spec.task === "classification",
      sampling: {
        rows: splits.training.count,
        microBatch: microBatch(spec.training),
        leaves: spec.training.virtualShards,
        stepsPerEpoch: prepared.stepsPerEpoch,
        seed: spec.training.seed,
      },
      weights: this.#weights.memory,
      splits,
    };
  }

  async #startWorker(setup: Omit<ComputeSetup, "result">, index: number): Promise<Worker> {
    const name = `compute-${index}`;
    const thread = startThread<ComputeApi>(new URL("./compute.thread.ts", import.meta.url), {
      name,
    });
    const result = new SharedArrayBuffer(setup.parameterCount * 4);
    await thread.call("open", { ...setup, result });
    return { thread, result, busy: false };
  }

  #link(address: string, shard: number): Link {
    const { telemetry, node, threads } = this.#parts;
    const { job, generation } = this.#task;
    return new Link({
      address,
      join: { job, generation, shard, worker: node, threads },
      telemetry,
      joined: () => this.#work.forgetBegun(),
      received: (message) => this.#receive(shard, message),
    });
  }

  #receive(shard: number, { message }: ExchangeResponse): void {
    if (message?.$case === "weights") {
      const { chunk, version, values } = message.value;
      this.#weights.put(shard, chunk, version, values);
      if (this.#weights.version > this.#version) {
        this.#version = this.#weights.version;
        this.#versionAt = performance.now();
      }
    }
    if (message?.$case === "orders") this.#work.add(message.value);
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
    if (this.#stopped || this.#failure) return;
    this.#queue.push(...this.#work.take(this.#version));
    for (const worker of this.#workers) {
      const job = worker.busy ? undefined : this.#queue.shift();
      if (job) this.#run(worker, job).catch((error: unknown) => this.#fail(error));
    }
  }

  async #run(worker: Worker, job: Job): Promise<void> {
    worker.busy = true;
    const started = performance.now();
    const results =
      job.pass === Pass.TRAINING
        ? await this.#train(worker, job)
        : await this.#evaluate(worker, job);
    const samples = results.reduce((sum, leaf) => sum + leaf.samples, 0);
    this.#parts.events.computed(results.length, samples, performance.now() - started);
    this.#sendSums(job, results);
    worker.busy = false;
    this.#pump();
  }

  async #train({ thread, result }: Worker, { version, node }: Job): Promise<LeafResult[]> {
    const results = await thread.call("train", { version, node });
    const samples = results.reduce((sum, leaf) => sum + leaf.samples, 0);
    // The lead last: its sums follow, and they tell it that the others have theirs.
    for (const { shard, chunk, from, to } of this.#weights.places.toReversed()) {
      // A copy, since the thread's memory is written again while this waits to be sent.
      const gradient = new Uint8Array(result, from * 4, (to - from) * 4).slice();
      this.#send(shard, {
        message: { $case: "contribution", value: { version, ...node, chunk, samples, gradient } },
      });
    }
    return results;
  }

  async #evaluate({ thread }: Worker, { version, node, pass }: Job): Promise<LeafResult[]> {
    const split = pass === Pass.VALIDATION ? "validation" : "test";
    const width = 2 ** node.level;
    const results: LeafResult[] = [];
    for (let leaf = node.index * width; leaf < (node.index + 1) * width; leaf++) {
      if (leaf < this.#work.leaves)
        results.push(await thread.call("evaluate", { version, split, leaf }));
    }
    return results;
  }

  #sendSums({ pass, version }: Job, results: readonly LeafResult[]): void {
    for (const { leaf, samples, sums } of results) {
      const value = { version, pass, level: 0, index: leaf, samples, values: sums };
      this.#send(0, { message: { $case: "sums", value } });
    }
  }

  #send(shard: number, request: ExchangeRequest): void {
    this.#links[shard]?.send(request);
  }

  #tellLag(): void {
    if (performance.now() - this.#versionAt < LAG_MS) return;
    const { version, shards } = this.#weights.lagging();
    if (version <= this.#version) return;
    for (const shard of shards)
      this.#send(shard, { message: { $case: "ahead", value: { version } } });
  }

  #fail(error: unknown): void {
    this.#failure = this.#parts.events.failed(error);
    this.#parts.changed();
  }
}
