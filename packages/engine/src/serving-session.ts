/**
 * A model that is open for runs from this thread: a number of instances of it, each in a thread or a
 * process, which are put in place again where they are lost.
 *
 *   running -> out of service     its runs hang or crash, time and again
 *   running -> closed
 */
import { DomainError, errorMessage } from "@amaas/errors";
import type { Tensor } from "@amaas/tensor";
import { Dispatcher, type Lane } from "./dispatcher.ts";
import { giveAway } from "./give-away.ts";
import type { ModelSource, SessionSignature } from "./host.thread.ts";
import type { Host, Loss } from "./host.ts";
import type { SessionOptions } from "./session.ts";
import type { Feeds, ValueSpec } from "./signature.ts";

export interface RunOptions {
  /** Told which instance is given the run, from 0, when it is. */
  began?(instance: number): void;
}

export interface ServingSession {
  readonly inputs: readonly ValueSpec[];
  readonly outputs: readonly ValueSpec[];
  /** Feeds in ordinary memory are copied once, shared ones not; outputs arrive without a copy. */
  run(feeds: Feeds, options?: RunOptions): Promise<Record<string, Tensor>>;
  /** Frees the model once its runs have ended; later ones are refused. */
  close(): Promise<void>;
  /** What it holds: of processes what they take at the moment, of threads what was said when it was opened. */
  readonly memoryBytes: number;
  /** Why it is out of service, if it is: for good, all runs are refused with it. */
  readonly failure: DomainError | undefined;
}

/** One that may have been opened behind others. */
export interface OpenedSession extends ServingSession {
  /** From here on its runs are as urgent as those of others. */
  promote(): Promise<void>;
}

export interface Replacement {
  readonly why: DomainError;
  /** Of the losses in a row, how many this is. */
  readonly losses: number;
  readonly retryMs: number;
}

export interface ServingOptions {
  readonly name: string;
  readonly instances: number;
  readonly session: SessionOptions;
  /** Called once for all instances that are opened at the same time; bytes that it gives are the engine's from then on. */
  readonly model: () => Promise<ModelSource>;
  /** An estimate for one instance in a thread. */
  readonly instanceBytes: number;
  /** For all in threads. */
  readonly sharedBytes: number;
  /** A host for one more instance, and what becomes of it when the instance is gone. */
  readonly place: () => Host;
  readonly leave: (host: Host) => Promise<void>;
  /** It is out of service; told once. */
  readonly onFailure: (why: DomainError) => void;
  /** An instance was lost and is put in place again. */
  readonly onLoss: (replacement: Replacement) => void;
  readonly onClosed: () => void;
}

/** As many losses within so long a time put a model out of service. */
const mostLosses = 3;
const lossesWithinMs = 60_000;
const firstRetryMs = 100;

interface Instance {
  readonly host: Host;
  readonly session: number;
  readonly lane: Lane;
}

export async function openServingSession(options: ServingOptions): Promise<OpenedSession> {
  const session = new Instances(options);
  await session.start();
  return session;
}

class Instances implements OpenedSession {
  readonly #options: ServingOptions;
  readonly #dispatcher = new Dispatcher();
  readonly #instances = new Set<Instance>();
  readonly #running = new Set<Promise<unknown>>();
  /** Instances that are being put in place. */
  readonly #starting = new Set<Promise<void>>();
  readonly #retries = new Set<NodeJS.Timeout>();
  #promoted = false;
  #signature: SessionSignature = { inputs: [], outputs: [] };
  /** When instances were lost, of late. */
  #losses: number[] = [];
  #failure: DomainError | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: ServingOptions) {
    this.#options = options;
  }

  get inputs(): readonly ValueSpec[] {
    return this.#signature.inputs;
  }

  get outputs(): readonly ValueSpec[] {
    return this.#signature.outputs;
  }

  get failure(): DomainError | undefined {
    return this.#failure;
  }

  get memoryBytes(): number {
    const { instanceBytes, sharedBytes } = this.#options;
    let sum = this.#instances.size > 0 ? sharedBytes : 0;
    for (const { host } of this.#instances) sum += host.residentBytes || instanceBytes;
    return sum;
  }

  async start(): Promise<void> {
    const { instances, model: read } = this.#options;
    const model = forInstances(await read(), instances);
    const opened = await Promise.allSettled(
      Array.from({ length: instances }, () => this.#open(model)),
    );
    const failed = opened.find((result) => result.status === "rejected");
    if (!failed) return;
    await this.close();
    throw failed.reason;
  }

  async promote(): Promise<void> {
    this.#promoted = true;
    await Promise.allSettled([...this.#instances].map(({ host }) => host.promote()));
  }

  async run(feeds: Feeds, { began }: RunOptions = {}): Promise<Record<string, Tensor>> {
    if (this.#closed) throw closed();
    const run = this.#dispatcher.run(feeds, began);
    this.#running.add(run);
    try {
      return await run;
    } finally {
      this.#running.delete(run);
    }
  }

  close(): Promise<void> {
    if (!this.#closed) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#closed = promise;
      resolve(this.#end());
    }
    return this.#closed;
  }

  async #end(): Promise<void> {
    for (const retry of this.#retries) clearTimeout(retry);
    this.#refuseIfNobodyComes();
    await Promise.allSettled([...this.#running, ...this.#starting]);
    await Promise.all([...this.#instances].map((instance) => this.#remove(instance)));
    this.#options.onClosed();
  }

  /** A run that waits for an instance would wait for ever once none is put in place any more. */
  #refuseIfNobodyComes(): void {
    if (this.#closed && this.#instances.size + this.#starting.size === 0)
      this.#dispatcher.refuse(closed());
  }

  async #open(model: ModelSource): Promise<void> {
    const { place, leave, session: options } = this.#options;
    const host = place();
    try {
      const { session, inputs, outputs } = await host.open(model, options);
      if (this.#promoted) await host.promote();
      this.#signature = { inputs, outputs };
      const instance = { host, session, lane: this.#dispatcher.join(host, session) };
      this.#instances.add(instance);
      host.watchFor(session, (loss) => this.#lost(instance, loss));
    } catch (error) {
      await leave(host);
      throw error;
    }
  }

  async #remove(instance: Instance): Promise<void> {
    if (!this.#instances.delete(instance)) return;
    this.#dispatcher.leave(instance.lane);
    await instance.host.release(instance.session).catch(() => undefined);
    await this.#options.leave(instance.host);
  }

  #lost(instance: Instance, { why, culprit }: Loss): void {
    if (!this.#instances.has(instance)) return;
    void this.#remove(instance);
    const ours = culprit === instance.session;
    if (ours && instance.host.stuck) this.#outOfService(why);
    else this.#replace(why);
  }

  #replace(why: DomainError): void {
    this.#refuseIfNobodyComes();
    if (this.#closed || this.#failure) return;
    const now = performance.now();
    this.#losses = [...this.#losses.filter((at) => now - at < lossesWithinMs), now];
    const losses = this.#losses.length;
    if (losses >= mostLosses) {
      this.#outOfService(why);
      return;
    }
    const retryMs = firstRetryMs * 2 ** (losses - 1);
    this.#options.onLoss({ why, losses, retryMs });
    const retry = setTimeout(() => {
      this.#retries.delete(retry);
      const starting = this.#openAgain().finally(() => this.#starting.delete(starting));
      this.#starting.add(starting);
    }, retryMs);
    this.#retries.add(retry);
  }

  async #openAgain(): Promise<void> {
    try {
      await this.#open(forInstances(await this.#options.model(), 1));
    } catch (error) {
      const { name } = this.#options;
      this.#replace(
        new DomainError("internal", `${name} cannot be opened again: ${errorMessage(error)}`),
      );
    }
  }

  #outOfService(why: DomainError): void {
    if (this.#closed || this.#failure) return;
    this.#failure = new DomainError(
      "unavailable",
      `${this.#options.name} is out of service: ${why.message}`,
      { cause: why },
    );
    this.#dispatcher.refuse(this.#failure);
    for (const instance of this.#instances) void this.#remove(instance);
    this.#options.onFailure(this.#failure);
  }
}

function closed(): DomainError {
  return new DomainError("failed-precondition", "the session is closed");
}

/** Bytes change hands if one instance wants them; several are shown one copy, in place of one for each. */
function forInstances(model: ModelSource, instances: number): ModelSource {
  if (!(model instanceof Uint8Array) || model.buffer instanceof SharedArrayBuffer) return model;
  const whole = model.byteLength === model.buffer.byteLength;
  if (instances === 1 && whole) return giveAway(model, [model.buffer as ArrayBuffer]);
  const copy = new Uint8Array(new SharedArrayBuffer(model.byteLength));
  copy.set(model);
  return copy;
}
