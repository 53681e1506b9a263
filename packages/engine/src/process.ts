/**
 * A process that serves calls, for work on what outsiders have uploaded: whatever it does to its process,
 * out of memory or worse, is an error here and nothing more. Unlike a thread it may be ended at any time.
 */
import "./no-telemetry.ts";
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { DomainError, errorMessage } from "@amaas/errors";
import { Calls } from "./calls.ts";
import { processorMs, residentBytes } from "./kernel.ts";
import { yieldProcessor } from "./priority.ts";
import type { ArgumentsOf, MethodOf, Methods, Reply, Request, ResultOf } from "./protocol.ts";
import type { Thread } from "./thread.ts";

export interface ProcessOptions {
  /** For the words of errors. */
  readonly name: string;
  /** What its objects may take. */
  readonly heapMiB: number;
  /** What it may take in all, looked at while it works; without, what the system gives. Linux only. */
  readonly residentMiB?: number;
  /** Whether it leaves the processor to others that want it, as far as the system does that. */
  readonly yields?: boolean;
}

export interface CallOptions extends ProcessOptions {
  /** Ends the process at once. */
  readonly signal?: AbortSignal;
}

/** The process was ended from outside: by somebody, or by a system that is short of memory. */
export class KilledError extends DomainError {
  constructor(name: string) {
    super("unavailable", `process ${name} was killed`);
  }
}

/** The process ended by itself. */
export class CrashedError extends DomainError {
  constructor(name: string, how: string, heapMiB: number) {
    super(
      "resource-exhausted",
      `process ${name} ended by itself (${how}): what it was given is damaged, or takes more than ${heapMiB} MiB of memory`,
    );
  }
}

export interface Process<Api extends Methods<Api>> extends Thread<Api> {
  /** Memory that it takes at the moment; 0 where the system does not tell. */
  readonly residentBytes: number;
  /** Processor time that it has used; 0 where the system does not tell. */
  readonly processorMs: number;
  /** Ends it at once; what it was asked fails for that reason. */
  kill(why: DomainError): void;
}

/** Starts the process whose file calls `serveThread<Api>`. */
export function startProcess<Api extends Methods<Api>>(
  url: URL,
  options: ProcessOptions,
): Process<Api> {
  return new ChildOfOurs<Api>(url, options);
}

/** One call in a process of its own, which ends with the answer. */
export async function callProcess<Api extends Methods<Api>, M extends MethodOf<Api>>(
  url: URL,
  { signal, ...options }: CallOptions,
  method: M,
  ...args: ArgumentsOf<Api, M>
): Promise<ResultOf<Api, M>> {
  signal?.throwIfAborted();
  const started = startProcess<Api>(url, options);
  const kill = () => started.kill(new KilledError(options.name));
  signal?.addEventListener("abort", kill);
  try {
    return await started.call(method, ...args);
  } finally {
    signal?.removeEventListener("abort", kill);
    kill();
  }
}

const looksEveryMs = 20;

class ChildOfOurs<Api extends Methods<Api>> implements Process<Api> {
  readonly gone: Promise<DomainError | undefined>;
  readonly #options: ProcessOptions;
  readonly #child: ChildProcess;
  readonly #calls = new Calls();
  #closing = false;
  #failure: DomainError | undefined;
  #looking: NodeJS.Timeout | undefined;

  constructor(url: URL, options: ProcessOptions) {
    this.#options = options;
    this.#child = fork(fileURLToPath(url), {
      execArgv: [`--max-old-space-size=${options.heapMiB}`],
      serialization: "advanced",
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    // Threads that it starts have its priority, and it has started none yet.
    if (options.yields && this.#child.pid !== undefined) yieldProcessor(this.#child.pid);
    this.#child.on("message", (reply) => this.#settle(reply as Reply));
    this.gone = new Promise((resolve) => {
      const end = (why: DomainError) => {
        if (!this.#closing) this.#failure ??= why;
        clearInterval(this.#looking);
        this.#calls.abandon(this.#failure ?? this.#closed());
        resolve(this.#failure);
      };
      this.#child.once("error", (error) => end(this.#unstarted(error)));
      this.#child.once("exit", (code, signal) => end(this.#ended(code, signal)));
    });
    this.#idle();
  }

  get pending(): number {
    return this.#calls.pending;
  }

  get alive(): boolean {
    return !this.#closing && this.#failure === undefined;
  }

  get residentBytes(): number {
    return this.#child.pid === undefined ? 0 : residentBytes(this.#child.pid);
  }

  get processorMs(): number {
    return this.#child.pid === undefined ? 0 : processorMs(this.#child.pid);
  }

  async call<M extends MethodOf<Api>>(
    method: M,
    ...args: ArgumentsOf<Api, M>
  ): Promise<ResultOf<Api, M>> {
    if (this.#failure) throw this.#failure;
    if (this.#closing) throw this.#closed();
    const { id, answer } = this.#calls.begin();
    this.#busy();
    this.#send({ kind: "call", id, method, args });
    return answer as Promise<ResultOf<Api, M>>;
  }

  kill(why: DomainError): void {
    this.#failure ??= why;
    this.#child.kill("SIGKILL");
  }

  async close(): Promise<void> {
    if (!this.#closing && this.#failure === undefined) {
      this.#closing = true;
      this.#child.ref();
      this.#send({ kind: "close" });
    }
    await this.gone;
  }

  /** What cannot be sent to a process that is ending is answered by its end. */
  #send(request: Request): void {
    this.#child.send(request, () => undefined);
  }

  #settle(reply: Reply): void {
    this.#calls.settle(reply);
    if (this.#calls.pending === 0 && !this.#closing) this.#idle();
  }

  #busy(): void {
    this.#child.ref();
    this.#child.channel?.ref();
    if (this.#options.residentMiB === undefined) return;
    this.#looking ??= setInterval(() => this.#look(), looksEveryMs).unref();
  }

  #idle(): void {
    this.#child.unref();
    this.#child.channel?.unref();
    clearInterval(this.#looking);
    this.#looking = undefined;
  }

  #look(): void {
    const { name, residentMiB = Number.POSITIVE_INFINITY } = this.#options;
    if (this.residentBytes <= residentMiB * 2 ** 20) return;
    this.kill(
      new DomainError(
        "resource-exhausted",
        `process ${name} took more than ${residentMiB} MiB of memory and was ended`,
      ),
    );
  }

  /**
   * Killed from outside, it may as well be started again. A process that ends by itself was driven to it by
   * what it was given, and would be again.
   */
  #ended(code: number | null, signal: NodeJS.Signals | null): DomainError {
    const { name, heapMiB } = this.#options;
    if (signal === "SIGKILL") return new KilledError(name);
    return new CrashedError(name, signal ?? `exit code ${code}`, heapMiB);
  }

  #unstarted(cause: Error): DomainError {
    const message = `process ${this.#options.name} cannot be started: ${errorMessage(cause)}`;
    return new DomainError("unavailable", message, { cause });
  }

  #closed(): DomainError {
    return new DomainError("unavailable", `process ${this.#options.name} is closed`);
  }
}
