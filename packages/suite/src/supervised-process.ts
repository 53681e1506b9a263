/**
 * One service as a child process: started, watched, restarted after a crash with growing pauses on
 * the same ports, stopped. It runs in a session of its own, so that Ctrl-C in the terminal reaches
 * only the supervisor, which then stops the suite in order; and it holds an IPC channel, whose end
 * tells it that the supervisor is gone, however that died.
 */
import { type ChildProcess, fork } from "node:child_process";
import { DomainError } from "@amaas/errors";
import { eachLine } from "./lines.ts";
import type { PlannedProcess } from "./topology.ts";

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Absent where it stays down. */
  readonly restartInMs?: number;
}

export interface Hooks {
  started(child: ChildProcess): void;
  line(line: string): void;
  exited(exit: Exit): void;
}

/**
 * - starting: the process runs and has not said that it is ready
 * - ready: it has
 * - waiting: it crashed; a timer brings it back
 * - stopping: it was told to stop
 * - down: it does not run and will not come back
 */
type State = "starting" | "ready" | "waiting" | "stopping" | "down";

/** A bad configuration does not get better by trying again (sysexits' EX_CONFIG). */
const configExit = 78;
const shortestPauseMs = 200;
const longestPauseMs = 5_000;
/** A process that lived this long has recovered: its next crash counts as the first. */
const recoveredAfterMs = 10_000;
/** Crashes in a row, before it was ever ready, that end the patience of whoever waits for it. */
const mostFailedStarts = 5;
const keptLines = 20;
/** Output that follows the exit belongs to it; a grandchild holding the pipe must not delay it. */
const outputAfterExitMs = 250;

export class SupervisedProcess {
  readonly planned: PlannedProcess;
  /** Settles once: at the first readiness, or when that has become hopeless. */
  readonly ready: Promise<void>;
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #hooks: Hooks;
  readonly #restart: boolean;
  readonly #firstReady = Promise.withResolvers<void>();
  readonly #down = Promise.withResolvers<void>();
  readonly #tail: string[] = [];
  #state: State = "down";
  #everReady = false;
  #child: ChildProcess | undefined;
  #crashes = 0;
  #restarts = 0;
  #startedAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    planned: PlannedProcess,
    base: Readonly<Record<string, string | undefined>>,
    restart: boolean,
    hooks: Hooks,
  ) {
    this.planned = planned;
    this.#env = { ...base, ...planned.env };
    this.#restart = restart;
    this.#hooks = hooks;
    this.ready = this.#firstReady.promise;
    this.ready.catch(() => {});
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get isReady(): boolean {
    return this.#state === "ready";
  }

  get restarts(): number {
    return this.#restarts;
  }

  start(): void {
    this.#state = "starting";
    this.#startedAt = Date.now();
    const child = fork(this.planned.main, [], {
      env: this.#env,
      execArgv: ["--disable-warning=ExperimentalWarning"],
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      detached: true,
    });
    this.#child = child;
    if (child.stdout) eachLine(child.stdout, (line) => this.#take(line));
    if (child.stderr) eachLine(child.stderr, (line) => this.#take(line));
    child.on("message", (message) => {
      if (this.#child === child && isReadyMessage(message)) this.#becomeReady();
    });
    onceGone(child, (code, signal) => {
      if (this.#child === child) this.#exited(code, signal);
    });
    this.#hooks.started(child);
  }

  kill(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** At once, with whatever it started. */
  end(): void {
    if (this.#child) killGroup(this.#child);
  }

  /** SIGTERM, then SIGKILL for it and whatever it started once the grace is over. */
  async stop(graceMs: number): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#child === undefined) {
      this.#goDown("it was stopped");
      return;
    }
    this.#state = "stopping";
    const child = this.#child;
    // A stopped (SIGSTOP) process would not see the SIGTERM.
    child.kill("SIGCONT");
    child.kill("SIGTERM");
    const last = setTimeout(() => killGroup(child), graceMs);
    await this.#down.promise;
    clearTimeout(last);
  }

  #take(line: string): void {
    this.#tail.push(line);
    if (this.#tail.length > keptLines) this.#tail.shift();
    this.#hooks.line(line);
  }

  #becomeReady(): void {
    if (this.#state !== "starting") return;
    this.#state = "ready";
    this.#everReady = true;
    this.#firstReady.resolve();
  }

  #exited(code: number | null, signal: NodeJS.Signals | null): void {
    this.#child = undefined;
    const how = signal === null ? `exited with ${code}` : `was killed by ${signal}`;
    if (this.#state === "stopping" || !this.#restart || code === configExit) {
      this.#goDown(`it ${how}`);
      this.#hooks.exited({ code, signal });
      return;
    }
    if (Date.now() - this.#startedAt >= recoveredAfterMs) this.#crashes = 0;
    this.#crashes++;
    if (!this.#everReady && this.#crashes >= mostFailedStarts) {
      this.#goDown(`it ${how}, ${this.#crashes} times in a row`);
      this.#hooks.exited({ code, signal });
      return;
    }
    const restartInMs = Math.min(longestPauseMs, shortestPauseMs * 2 ** (this.#crashes - 1));
    this.#state = "waiting";
    this.#timer = setTimeout(() => {
      this.#restarts++;
      this.start();
    }, restartInMs);
    this.#hooks.exited({ code, signal, restartInMs });
  }

  #goDown(why: string): void {
    this.#state = "down";
    this.#down.resolve();
    const tail = this.#tail.map((line) => `\n  ${line}`).join("");
    this.#firstReady.reject(
      new DomainError(
        "failed-precondition",
        `${this.planned.name} did not get ready: ${why}${tail}`,
      ),
    );
  }
}

function isReadyMessage(message: unknown): boolean {
  return (
    typeof message === "object" &&
    message !== null &&
    "type" in message &&
    message.type === "amaas:ready"
  );
}

/** One call, however it ends: it never started, or it exited and its output was read. */
function onceGone(
  child: ChildProcess,
  gone: (code: number | null, signal: NodeJS.Signals | null) => void,
): void {
  let told = false;
  const tell = (code: number | null, signal: NodeJS.Signals | null) => {
    if (told) return;
    told = true;
    gone(code, signal);
  };
  child.once("error", () => {
    if (child.pid === undefined) tell(null, null);
  });
  child.once("close", tell);
  child.once("exit", (code, signal) => setTimeout(() => tell(code, signal), outputAfterExitMs));
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    child.kill("SIGKILL");
  }
}
