/**
 * A thread or a process that sessions live in, as the engine sees it.
 *
 * It is lost when it ends unasked, and when a call takes longer than it may. A process is then ended. A
 * thread cannot be, so it is left to itself: nothing is asked of it any more, whoever waits for it is
 * told, and its other sessions have to move.
 */
import { DomainError } from "@amaas/errors";
import type { Tensor } from "@amaas/tensor";
import { beginBehind } from "./begin-behind.ts";
import type { HostApi, ModelSource, SessionSignature } from "./host.thread.ts";
import { CrashedError, type Process, startProcess } from "./process.ts";
import type { SessionOptions } from "./session.ts";
import type { Feeds } from "./signature.ts";
import { startThread, type Thread } from "./thread.ts";

export interface HostOptions {
  readonly name: string;
  /** How long a run may take. */
  readonly runLimitMs: number;
  /** How long opening a model may take. */
  readonly openLimitMs: number;
  /** Whether it works with what others leave of the processor until it is promoted, where the system knows that. */
  readonly behind: boolean;
}

export interface Loss {
  readonly why: DomainError;
  /** The session whose call was at work, if one was. */
  readonly culprit: number | undefined;
}

interface Call {
  readonly session: number;
  readonly limitMs: number;
  reject(error: Error): void;
}

const file = new URL("./host.thread.ts", import.meta.url);

export function threadHost(options: HostOptions): Host {
  const { name, behind } = options;
  const thread = startThread<HostApi>(file, { name, data: behind ? beginBehind : undefined });
  return new Host(thread, options, undefined);
}

export interface ProcessLimits {
  readonly heapMiB: number;
  readonly residentMiB?: number;
}

export function processHost(options: HostOptions, limits: ProcessLimits): Host {
  const child = startProcess<HostApi>(file, { name: options.name, ...limits });
  return new Host(child, options, child);
}

export class Host {
  /** Resolves once it is lost; never if it is closed. */
  readonly lost: Promise<Loss>;
  readonly #worker: Thread<HostApi>;
  readonly #process: Process<HostApi> | undefined;
  readonly #options: HostOptions;
  readonly #lose: (loss: Loss) => void;
  /** In the order in which they are worked at: the first is at work. */
  readonly #calls = new Set<Call>();
  #lastSession = 0;
  /** When the first call began. */
  #since = 0;
  #loss: Loss | undefined;
  #closing = false;
  #stuck = false;
  /** With who is told for each that it is lost. */
  readonly #sessions = new Map<number, (loss: Loss) => void>();

  constructor(worker: Thread<HostApi>, options: HostOptions, child: Process<HostApi> | undefined) {
    const { promise, resolve } = Promise.withResolvers<Loss>();
    this.lost = promise;
    this.#lose = resolve;
    this.#worker = worker;
    this.#process = child;
    this.#options = options;
    void worker.gone.then((why) => why && this.#end(endedBy(why)));
    void this.lost.then((loss) => {
      for (const tell of this.#sessions.values()) tell(loss);
    });
  }

  get alive(): boolean {
    return this.#loss === undefined && this.#worker.alive;
  }

  /** A thread whose call may never end. */
  get stuck(): boolean {
    return this.#stuck;
  }

  get sessions(): number {
    return this.#sessions.size;
  }

  /** Of its process; 0 for a thread, whose memory is not told apart. */
  get residentBytes(): number {
    return this.#process?.residentBytes ?? 0;
  }

  async open(
    model: ModelSource,
    options: SessionOptions,
  ): Promise<SessionSignature & { readonly session: number }> {
    const session = ++this.#lastSession;
    this.#sessions.set(session, () => undefined);
    try {
      const { openLimitMs } = this.#options;
      const opening = () => this.#worker.call("open", session, model, options);
      return { session, ...(await this.#track(session, openLimitMs, opening)) };
    } catch (error) {
      this.#sessions.delete(session);
      throw error;
    }
  }

  /**
   * Calls `tell` once the host is lost, unless the session is released before. A host outlives most of its sessions, so
   * `lost` itself is for who stays as long: it would keep everybody who ever waited for it.
   */
  watchFor(session: number, tell: (loss: Loss) => void): void {
    if (this.#loss) void this.lost.then(tell);
    else this.#sessions.set(session, tell);
  }

  /** From here on it works as the others do. */
  async promote(): Promise<void> {
    if (this.#options.behind) await this.#worker.call("promote");
  }

  run(session: number, feeds: Feeds): Promise<Record<string, Tensor>> {
    const { runLimitMs } = this.#options;
    return this.#track(session, runLimitMs, () => this.#worker.call("run", session, feeds));
  }

  async release(session: number): Promise<void> {
    this.#sessions.delete(session);
    if (!this.alive) return;
    const { openLimitMs } = this.#options;
    await this.#track(session, openLimitMs, () => this.#worker.call("release", session));
  }

  /** Resolves when what was asked for has ended, or at once where it may never end. */
  async close(): Promise<void> {
    this.#closing = true;
    if (this.#loss === undefined) await Promise.race([this.#worker.close(), this.lost]);
  }

  /** Called every now and then: has the call at work taken too long? */
  watch(now: number): void {
    const [first] = this.#calls;
    if (first === undefined || now - this.#since <= first.limitMs) return;
    const why = new DomainError(
      "internal",
      `${this.#options.name}: a run took longer than the ${first.limitMs} ms it may take`,
    );
    if (this.#process) this.#process.kill(why);
    else {
      this.#stuck = true;
      this.#end(why);
    }
  }

  #track<T>(session: number, limitMs: number, begin: () => Promise<T>): Promise<T> {
    if (this.#loss) return Promise.reject(this.#workedAtNothing(this.#loss));
    return new Promise<T>((resolve, reject) => {
      const call: Call = { session, limitMs, reject };
      if (this.#calls.size === 0) this.#since = performance.now();
      this.#calls.add(call);
      const settled = (settle: () => void) => {
        if (this.#calls.delete(call)) this.#since = performance.now();
        settle();
      };
      begin().then(
        (value) => settled(() => resolve(value)),
        (error: unknown) => {
          // A worker that is gone unasked is a loss, which answers all calls in one place.
          if (this.#worker.alive || this.#closing) settled(() => reject(error));
        },
      );
    });
  }

  #end(why: DomainError): void {
    if (this.#loss) return;
    const [culprit, ...others] = this.#calls;
    this.#loss = { why, culprit: culprit?.session };
    this.#calls.clear();
    culprit?.reject(why);
    const instead = this.#workedAtNothing(this.#loss);
    for (const { reject } of others) reject(instead);
    this.#lose(this.#loss);
  }

  /** For the calls behind the one at work, and later ones, it is as if nobody had been there. */
  #workedAtNothing({ why }: Loss): DomainError {
    const message = `${this.#options.name} was lost: ${why.message}`;
    return new DomainError("unavailable", message, { cause: why });
  }
}

/** What a crash is to the caller whose run it was: no lack of anything, and no reason to try again elsewhere. */
function endedBy(why: DomainError): DomainError {
  if (why instanceof CrashedError) return new DomainError("internal", why.message, { cause: why });
  return why;
}
