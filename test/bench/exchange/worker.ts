/**
 * A worker's side of the real exchange, without the computing: gradients that are there at once,
 * weights that are put where a trainer would put them.
 */
import {
  type ExchangeResponse,
  ParameterServerDefinition,
  Pass,
} from "@amaas/proto/amaas/parameter_server/v1/parameter_server";
import { rootOf, type TreeNode } from "@amaas/reduction";
import { createClient, release } from "@amaas/rpc";
import { nullTelemetry } from "@amaas/telemetry";
import { GradientBuffers, Requests } from "@amaas/trainer/requests";
import { generation, job } from "./hosted-server.ts";
import type { Runner } from "./runner.ts";
import { chunkBytes, chunks, type Direction, leaves, messages, samplesPerLeaf } from "./sizes.ts";

/** The other half of the tree: what `up` leaves out until it is over. */
const secondHalf: TreeNode = { level: rootOf(leaves).level - 1, index: 1 };

/** As many as a trainer lets wait. */
const mostWaiting = 16;

export class Worker implements Runner {
  readonly #client;
  readonly #gradient = new Uint8Array(chunks * chunkBytes);
  readonly #weights = new Uint8Array(chunks * chunkBytes);
  readonly #buffers = new GradientBuffers();
  #requests = new Requests(this.#buffers);
  #reading: Promise<void> = Promise.resolve();
  #version = 0;
  /** Chunks of each version that have come on the current stream. */
  readonly #received = new Map<number, number>();
  #waiting: { holds: () => boolean; promise: PromiseWithResolvers<void> } | undefined;

  constructor(address: string) {
    this.#client = createClient(ParameterServerDefinition, address, { telemetry: nullTelemetry() });
    // Moves the weights a little and keeps them finite.
    new Float32Array(this.#gradient.buffer).fill(1e-3);
  }

  /** Two steps, so that a worker who joins is sent two versions of the weights. */
  async begin(): Promise<void> {
    await this.#join();
    await this.#step();
    await this.#step();
  }

  async run(direction: Direction): Promise<void> {
    if (direction === "up") await this.#sendLeaves();
    else if (direction === "down") await this.#joinAgain();
    else for (let sent = 0; sent < messages; sent += chunks) await this.#step();
  }

  /** Ends the step that `up` has begun. */
  async settle(direction: Direction): Promise<void> {
    if (direction !== "up") return;
    for (let chunk = 1; chunk < chunks; chunk++) await this.#send(chunk, secondHalf);
    await this.#finishStep();
  }

  async close(): Promise<void> {
    this.#requests.end();
    await this.#reading.catch(() => {});
    this.#client.close();
  }

  /** Half of the leaves; the answer to one whole chunk says that all before it was taken in. */
  async #sendLeaves(): Promise<void> {
    for (let leaf = 0; leaf < messages / chunks; leaf++)
      for (let chunk = 0; chunk < chunks; chunk++)
        await this.#send(chunk, { level: 0, index: leaf });
    await this.#send(0, secondHalf);
    await this.#until(() => this.#chunksOf(this.#version + 1) === 1);
  }

  /** Whoever joins is sent the newest version of every chunk and the one before. */
  async #joinAgain(): Promise<void> {
    for (let received = 0; received < messages; received += 2 * chunks) {
      this.#requests.end();
      await this.#reading;
      await this.#join();
      await this.#until(
        () => this.#chunksOf(this.#version - 1) + this.#chunksOf(this.#version) === 2 * chunks,
      );
    }
  }

  async #step(): Promise<void> {
    for (let chunk = 0; chunk < chunks; chunk++) await this.#send(chunk, rootOf(leaves));
    await this.#finishStep();
  }

  async #finishStep(): Promise<void> {
    for (let index = 0; index < leaves; index++) {
      const of = { version: this.#version, pass: Pass.TRAINING, level: 0, index };
      const value = {
        ...of,
        samples: samplesPerLeaf,
        values: [1],
        time: undefined,
        squares: undefined,
      };
      this.#requests.push({ message: { $case: "sums", value } });
    }
    await this.#until(() => this.#chunksOf(this.#version + 1) === chunks);
    this.#version += 1;
  }

  async #send(chunk: number, node: TreeNode): Promise<void> {
    await this.#requests.drained(mostWaiting);
    const begin = chunk * chunkBytes;
    // A copy, as a trainer makes one.
    const gradient = this.#buffers.take(this.#gradient.subarray(begin, begin + chunkBytes));
    const samples = samplesPerLeaf * 2 ** node.level;
    const counts = { samples, values: [2 ** node.level] };
    const told = { guidance: undefined, squares: undefined };
    const value = { version: this.#version, ...node, chunk, ...counts, gradient, ...told };
    this.#requests.push({ message: { $case: "contribution", value } });
  }

  async #join(): Promise<void> {
    this.#requests = new Requests(this.#buffers);
    this.#received.clear();
    const value = { job, generation, shard: 0, worker: "bench", threads: 1 };
    this.#requests.push({ message: { $case: "join", value } });
    this.#reading = this.#read(this.#requests);
    this.#reading.catch((error: unknown) => this.#waiting?.promise.reject(error));
    await this.#until(() => this.#chunksOf(this.#version) === chunks);
  }

  async #read(requests: Requests): Promise<void> {
    for await (const message of this.#client.exchange(requests)) this.#receive(message);
  }

  #receive({ message }: ExchangeResponse): void {
    if (message?.$case !== "weights") return;
    const { version, chunk, values } = message.value;
    this.#weights.set(values, chunk * chunkBytes);
    release(values);
    this.#received.set(version, this.#chunksOf(version) + 1);
    if (this.#waiting?.holds()) this.#waiting.promise.resolve();
  }

  #chunksOf(version: number): number {
    return this.#received.get(version) ?? 0;
  }

  async #until(holds: () => boolean): Promise<void> {
    if (holds()) return;
    const promise = Promise.withResolvers<void>();
    this.#waiting = { holds, promise };
    await promise.promise;
    this.#waiting = undefined;
  }
}
