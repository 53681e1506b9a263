/**
 * Models open for runs, off the calling thread: which threads and processes there are, and which model
 * lives where.
 *
 * Small models share a thread for each core, since a thread takes some 25 MB whatever lives in it. A large
 * one has a thread for each instance, so that opening it or running it holds up no other. A model that may
 * hang or end its process, depending on what it is fed, has a process for each.
 */
import { DomainError } from "@amaas/errors";
import type { ModelSource } from "./host.thread.ts";
import { type Host, type ProcessLimits, processHost, threadHost } from "./host.ts";
import type { ProbeApi } from "./priority-probe.thread.ts";
import {
  type OpenedSession,
  openServingSession,
  type Replacement,
  type ServingSession,
} from "./serving-session.ts";
import type { SessionOptions } from "./session.ts";
import { startThread } from "./thread.ts";

export type Isolation =
  /** A thread that small models share. */
  | "shared"
  /** A thread of its own for each instance. */
  | "thread"
  /** A process of its own for each instance, which can be ended. */
  | "process";

export interface EngineOptions {
  /** Threads that small models share. */
  readonly sharedThreads: number;
  /** A run that takes longer puts its model out of service, or ends its process. */
  readonly runLimitMs: number;
  readonly processes: ProcessLimits;
}

export interface OpenOptions {
  readonly name: string;
  /** Called again whenever an instance is put in place again; bytes that it gives are the engine's from then on. */
  readonly model: () => Promise<ModelSource>;
  readonly isolation: Isolation;
  readonly instances?: number;
  readonly session?: SessionOptions;
  /** What one instance takes, by estimate. */
  readonly instanceBytes?: number;
  /** What all have together, such as the weights of a saved graph. */
  readonly sharedBytes?: number;
  /** Whether threads of its own leave the processor to others until it is promoted, as far as the system does that. */
  readonly behind?: boolean;
  readonly onFailure?: (why: DomainError) => void;
  readonly onLoss?: (replacement: Replacement) => void;
}

export interface Engine {
  open(options: OpenOptions): Promise<OpenedSession>;
  /** Ends when everything asked for before has ended and all threads and processes are gone. */
  close(): Promise<void>;
}

/** Opening a model is reading, parsing and rewriting it: minutes for the largest. */
const openLimitMs = 300_000;

export function createEngine(options: EngineOptions): Engine {
  return new Hosts(options);
}

class Hosts implements Engine {
  readonly #options: EngineOptions;
  readonly #hosts = new Set<Host>();
  readonly #shared: Host[] = [];
  readonly #open = new Set<ServingSession>();
  readonly #watch: NodeJS.Timeout;
  #forward: Promise<boolean> | undefined;
  #closed = false;

  constructor(options: EngineOptions) {
    this.#options = options;
    const everyMs = Math.min(1000, Math.max(10, options.runLimitMs / 4));
    this.#watch = setInterval(() => {
      const now = performance.now();
      for (const host of this.#hosts) host.watch(now);
    }, everyMs).unref();
  }

  async open({
    name,
    model,
    isolation,
    instances = 1,
    session: sessionOptions = {},
    instanceBytes = 0,
    sharedBytes = 0,
    behind = false,
    onFailure = () => undefined,
    onLoss = () => undefined,
  }: OpenOptions): Promise<OpenedSession> {
    const mayBeBehind = behind && isolation === "thread" && (await this.#mayComeForward());
    if (this.#closed) throw new DomainError("unavailable", "the engine is closed");
    let opened: OpenedSession | undefined;
    opened = await openServingSession({
      name,
      model,
      instances,
      session: sessionOptions,
      instanceBytes,
      sharedBytes,
      place: () => this.#place(isolation, name, mayBeBehind),
      leave: (host) => this.#leave(host),
      onFailure,
      onLoss,
      onClosed: () => opened && this.#open.delete(opened),
    });
    this.#open.add(opened);
    return opened;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(Array.from(this.#open, (session) => session.close()));
    clearInterval(this.#watch);
    await Promise.all(Array.from(this.#hosts, (host) => host.close()));
    this.#hosts.clear();
  }

  /** Found out once. */
  #mayComeForward(): Promise<boolean> {
    this.#forward ??= probe();
    return this.#forward;
  }

  #place(isolation: Isolation, name: string, behind: boolean): Host {
    if (isolation === "shared") return this.#sharedHost();
    const options = this.#hostOptions(name, behind);
    return this.#watched(
      isolation === "thread" ? threadHost(options) : processHost(options, this.#options.processes),
    );
  }

  /** The one with the fewest sessions, or one more while there may be. */
  #sharedHost(): Host {
    const empty = this.#shared.find((host) => host.sessions === 0);
    if (empty) return empty;
    if (this.#shared.length < this.#options.sharedThreads) {
      const host = threadHost(this.#hostOptions(`models-${this.#shared.length + 1}`, false));
      this.#shared.push(host);
      void host.lost.then(() => this.#shared.splice(this.#shared.indexOf(host), 1));
      return this.#watched(host);
    }
    return this.#shared.reduce((best, host) => (host.sessions < best.sessions ? host : best));
  }

  #watched(host: Host): Host {
    this.#hosts.add(host);
    void host.lost.then(() => this.#hosts.delete(host));
    return host;
  }

  /** Shared threads stay: the next small model is opened at once. */
  async #leave(host: Host): Promise<void> {
    if (this.#shared.includes(host)) return;
    await host.close();
    this.#hosts.delete(host);
  }

  #hostOptions(name: string, behind: boolean) {
    return { name, runLimitMs: this.#options.runLimitMs, openLimitMs, behind };
  }
}

/** No, if it cannot be found out. */
async function probe(): Promise<boolean> {
  const url = new URL("./priority-probe.thread.ts", import.meta.url);
  const thread = startThread<ProbeApi>(url, { name: "probe" });
  const answer = await thread.call("mayComeForward").catch(() => false);
  await thread.close();
  return answer;
}
