/**
 * Real parameter servers with a scheduler and workers that follow a script: the protocol from the
 * outside, with gradients that need no model.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type BlobStore, openBlobs } from "@amaas/blobs";
import { sumsOf } from "@amaas/metrics";
import { createApp } from "@amaas/parameter-server/app";
import {
  type ExchangeRequest,
  ParameterServerDefinition,
  Pass,
  type Squares,
} from "@amaas/proto/amaas/parameter_server/v1/parameter_server";
import {
  type AttachRequest,
  type AttachResponse,
  FleetDefinition,
  type Hosted,
  Prepared,
  Task,
} from "@amaas/proto/amaas/scheduler/v1/fleet";
import { chunkRanges, cover, reduce, shardRange } from "@amaas/reduction";
import { Channel, createClient, createServer, implement } from "@amaas/rpc";
import { nullTelemetry } from "@amaas/telemetry";

export const PARAMETERS = 150_000;
/** Their ends lie within chunks and within shards. */
const TENSORS = [1, 70_000, 30_001, 49_998];
export const LEAVES = 8;
export const STEPS_PER_EPOCH = 3;
const SAMPLES_PER_LEAF = 4;
const telemetry = nullTelemetry();
const sums = sumsOf({ task: "classification", classes: 2 });
const sumCount = sums.reduce((total, { length }) => total + length, 0);

export interface Cluster extends AsyncDisposable {
  readonly addresses: readonly string[];
  readonly blobs: BlobStore;
  /** Gives shard k of the job to server k. */
  host(
    job: string,
    generation: number,
    steps: number,
    from?: { step: number; digests: string[] },
  ): void;
  hosted(shard: number): Hosted | undefined;
  finished(steps: number): Promise<void>;
}

const adam = { type: "adam", learningRate: 0.01 };

export async function startCluster(shards: number, optimizer: object = adam): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), "amaas-ps-"));
  const url = pathToFileURL(folder).href;
  const blobs = openBlobs(url);
  const weights = Float32Array.from({ length: PARAMETERS }, (_, i) => Math.fround(Math.cos(i) / 4));
  const initial = (await blobs.put(new Uint8Array(weights.buffer))).digest;

  const statuses = new Map<string, AttachRequest>();
  const streams = new Map<string, Channel<AttachResponse>>();
  const tasks = new Map<string, Task[]>();
  const scheduler = createServer({
    telemetry,
    services: [
      implement(FleetDefinition, {
        async *attach(requests) {
          const channel = new Channel<AttachResponse>();
          const reading = (async () => {
            for await (const status of requests) {
              if (!streams.has(status.node)) channel.push({ tasks: tasks.get(status.node) ?? [] });
              streams.set(status.node, channel);
              statuses.set(status.node, status);
            }
          })().finally(() => channel.end());
          yield* channel;
          await reading;
        },
      }),
    ],
  });
  const schedulerAddress = `127.0.0.1:${await scheduler.listen("127.0.0.1", 0)}`;

  const servers = await Promise.all(
    Array.from({ length: shards }, async (_, index) => {
      const app = await createApp({
        config: {
          scheduler: schedulerAddress,
          blobs: url,
          nodeId: `server-${index}`,
          host: "127.0.0.1",
          port: 0,
          httpPort: 0,
          logLevel: "error",
          drainSeconds: 1,
          advertise: undefined,
        },
        telemetry,
        address: new Promise<string>(() => undefined),
      });
      const server = createServer({ telemetry, services: app.services });
      const address = `127.0.0.1:${await server.listen("127.0.0.1", 0)}`;
      app.listening?.(address, server);
      return { app, server, address };
    }),
  );

  const hosted = (shard: number): Hosted | undefined => {
    const wanted = tasks.get(`server-${shard}`)?.[0]?.id;
    const status = statuses.get(`server-${shard}`)?.tasks.find(({ id }) => id === wanted);
    return status?.detail?.$case === "hosted" ? status.detail.value : undefined;
  };
  return {
    addresses: servers.map(({ address }) => address),
    blobs,
    host(job, generation, steps, from) {
      const prepared = Prepared.fromPartial({
        parameterCount: PARAMETERS,
        parameters: TENSORS.map((length, i) => ({
          name: `p${i}`,
          dims: [length],
          offset: TENSORS.slice(0, i).reduce((sum, before) => sum + before, 0),
        })),
        initialWeights: initial,
        sums: [...sums],
        stepsPerEpoch: STEPS_PER_EPOCH,
        totalSteps: steps,
        validation: { rows: 10 },
        test: { rows: 10 },
      });
      for (let shard = 0; shard < shards; shard++) {
        const task = Task.fromPartial({
          id: `${job}/${generation}/host/${shard}`,
          job,
          generation,
          spec: specOf(steps, optimizer),
          work: {
            $case: "host",
            value: {
              prepared,
              shard,
              shards,
              step: from?.step ?? 0,
              checkpoint: from?.digests[shard] ?? "",
              lead: servers[0]?.address ?? "",
            },
          },
        });
        tasks.set(`server-${shard}`, [task]);
        streams.get(`server-${shard}`)?.push({ tasks: [task] });
      }
    },
    hosted,
    async finished(steps) {
      const done = (shard: number) => hosted(shard)?.checkpoints.some(({ step }) => step === steps);
      const tested = () => hosted(0)?.progress?.evaluations.some(({ split }) => split === "test");
      await until(() => Boolean(tested()) && servers.every((_, shard) => done(shard)));
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(
        servers.map(async ({ app, server }) => {
          await app.drain?.();
          await server.close();
          await app.close();
        }),
      );
      await scheduler.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function until(holds: () => boolean, ms = 30_000): Promise<void> {
  const end = Date.now() + ms;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`still not so after ${ms} ms: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function specOf(steps: number, optimizer: object) {
  return {
    name: "scripted",
    task: "classification",
    data: {
      format: "arrays",
      features: `sha256:${"0".repeat(64)}`,
      labels: `sha256:${"0".repeat(64)}`,
    },
    architecture: { type: "linear" },
    training: {
      epochs: Math.ceil(steps / STEPS_PER_EPOCH),
      batchSize: LEAVES * SAMPLES_PER_LEAF,
      virtualShards: LEAVES,
      optimizer,
      checkpointEverySteps: 2,
    },
  };
}

const lossOf = (leaf: number, version: number) => leaf / 3 + version;

export interface WorkerScript {
  /** Called before a node's gradient goes to a shard: false drops it on the floor. */
  sends?(shard: number, version: number): boolean;
  /** Milliseconds before each answer. */
  slowness?: number;
}

/** A worker that answers orders with gradients made from the weights it was given. */
export class ScriptedWorker {
  readonly #name: string;
  readonly #cluster: Cluster;
  readonly #script: WorkerScript;
  readonly #stop = new AbortController();
  readonly #channels: Channel<ExchangeRequest>[] = [];
  readonly #weights = new Map<number, Map<string, Float32Array>>();
  readonly #squares = new Map<string, Squares>();
  readonly #orders: { version: number; pass: Pass; leaves: number[] }[] = [];
  readonly #clients;
  readonly ended: Promise<unknown>;

  constructor(
    name: string,
    job: string,
    generation: number,
    cluster: Cluster,
    script: WorkerScript = {},
  ) {
    this.#name = name;
    this.#cluster = cluster;
    this.#script = script;
    this.#clients = cluster.addresses.map((address) =>
      createClient(ParameterServerDefinition, address, { telemetry }),
    );
    const telling = setInterval(() => this.#tellAhead(), 100);
    this.#stop.signal.addEventListener("abort", () => clearInterval(telling));
    this.ended = Promise.allSettled(
      cluster.addresses.map((_, shard) => this.#attend(job, generation, shard)),
    );
  }

  /** Gone without a word, as after kill -9. */
  kill(): void {
    this.#stop.abort();
    for (const client of this.#clients) client.close();
  }

  /** Tells the servers that lack the newest version it has seen, as a trainer does after a while. */
  #tellAhead(): void {
    const version = Math.max(-1, ...this.#weights.keys());
    const seen = this.#weights.get(version);
    if (!seen) return;
    for (const { shard, chunk } of this.#chunks(this.#cluster.addresses.length))
      if (!seen.has(`${shard}/${chunk}`))
        this.#channels[shard]?.push({ message: { $case: "ahead", value: { version } } });
  }

  async #attend(job: string, generation: number, shard: number): Promise<void> {
    const channel = new Channel<ExchangeRequest>();
    this.#channels[shard] = channel;
    channel.push({
      message: { $case: "join", value: { job, generation, shard, worker: this.#name, threads: 1 } },
    });
    const stream = this.#clients[shard]?.exchange(channel, { signal: this.#stop.signal });
    for await (const { message } of stream ?? []) {
      if (message?.$case === "weights") {
        const { version, chunk, values, squares } = message.value;
        const chunks = this.#weights.get(version) ?? new Map<string, Float32Array>();
        this.#weights.set(
          version,
          chunks.set(`${shard}/${chunk}`, new Float32Array(values.slice().buffer)),
        );
        this.#weights.delete(version - 2);
        if (squares) this.#squares.set(`${version}/${shard}/${chunk}`, squares);
      }
      if (message?.$case === "orders") this.#orders.push(message.value);
      await this.#answer();
    }
  }

  async #answer(): Promise<void> {
    const shards = this.#cluster.addresses.length;
    for (const order of this.#orders.splice(0)) {
      const weights = this.#weights.get(order.version);
      const all = this.#chunks(shards);
      if (weights?.size !== all.length) {
        this.#orders.push(order);
        continue;
      }
      if (this.#script.slowness)
        await new Promise((done) => setTimeout(done, this.#script.slowness));
      if (order.pass === Pass.TRAINING) await this.#gradients(order, weights, all);
      for (const leaf of order.leaves) {
        const { version, pass } = order;
        const value = {
          version,
          pass,
          level: 0,
          index: leaf,
          samples: SAMPLES_PER_LEAF,
          values: Array.from(
            { length: pass === Pass.TRAINING ? 1 : sumCount },
            (_, at) => lossOf(leaf, version) + at,
          ),
          time: undefined,
          squares: this.#squaresOf(version),
        };
        this.#channels[0]?.push({ message: { $case: "sums", value } });
      }
    }
  }

  /** Over all chunks, in their order. */
  #squaresOf(version: number): Squares | undefined {
    const total = { gradient: 0, weights: 0, update: 0 };
    for (const { shard, chunk } of this.#chunks(this.#cluster.addresses.length)) {
      const squares = this.#squares.get(`${version}/${shard}/${chunk}`);
      if (!squares) return undefined;
      total.gradient += squares.gradient;
      total.weights += squares.weights;
      total.update += squares.update;
    }
    return total;
  }

  async #gradients(
    { version, leaves }: { version: number; leaves: number[] },
    weights: Map<string, Float32Array>,
    all: { shard: number; chunk: number; at: number }[],
  ): Promise<void> {
    for (const node of cover(leaves, LEAVES)) {
      const loss = async (leaf: number) => lossOf(leaf, version);
      const values = [await reduce(node, LEAVES, loss, (left, right) => left + right)];
      for (const { shard, chunk, at } of all.toReversed()) {
        const current = weights.get(`${shard}/${chunk}`) ?? new Float32Array();
        const sum = await reduce(
          node,
          LEAVES,
          // Depends on the weights, so that one wrong step shows in all that follow.
          async (leaf) =>
            current.map((weight, i) =>
              Math.fround(weight * (leaf + 1) + ((((at + i) * 7 + leaf) % 13) - 6) / 9),
            ),
          (left, right) => left.map((value, i) => value + (right[i] ?? 0)),
        );
        const gradient = new Uint8Array(sum.buffer);
        if (this.#script.sends?.(shard, version) === false) continue;
        const samples = SAMPLES_PER_LEAF * 2 ** node.level;
        const told = {
          guidance: undefined,
          squares: shard === 0 ? this.#squaresOf(version) : undefined,
        };
        const value = { version, ...node, chunk, samples, values, gradient, ...told };
        this.#channels[shard]?.push({ message: { $case: "contribution", value } });
      }
    }
  }

  #chunks(shards: number): { shard: number; chunk: number; at: number }[] {
    return Array.from({ length: shards }, (_, shard) => {
      const [from, to] = shardRange(PARAMETERS, shard, shards);
      return chunkRanges(to - from).map(([begin], chunk) => ({ shard, chunk, at: from + begin }));
    }).flat();
  }
}
