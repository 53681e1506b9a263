/**
 * Examines models before they are served: what they are made of, a trial run, and whether onnxruntime's
 * rewriting leaves their answers as they are. What hangs, crashes or takes too much is refused with the reason.
 *
 * One process is kept for one model after the other and ended when there has been none for a while; a model
 * that ends it costs the next one a new process.
 */
import { type Process, startProcess } from "@amaas/engine";
import { DomainError, errorMessage } from "@amaas/errors";
import type { FileSums } from "../background/file-sum.ts";
import type { ExaminationApi, ExaminedModel, Signature, Trial } from "./examine.process.ts";

export interface Limits {
  /** Of the processor, for each step: reading and a first run, and each trial. */
  readonly stepMs: number;
  /** What the process may take beyond the model's size, times four, in mebibytes. */
  readonly memoryMiB: number;
  /** The process is ended when it has had nothing to do for so long. */
  readonly idleMs: number;
}

export const defaultLimits: Limits = { stepMs: 30_000, memoryMiB: 1024, idleMs: 5_000 };

export interface Verdict extends Signature {
  readonly optimization: "all" | "basic" | "disabled";
  /** Why it is not `all`. */
  readonly fallback?: string;
  /** Why its runs belong in processes; none if they do not. */
  readonly hazards: readonly string[];
  /** Processor time that a run of one row took. */
  readonly runMs: number;
  /** What an open session takes, roughly. */
  readonly memoryBytes: number;
  /** Why rows of several requests cannot be run together, if they cannot. */
  readonly rowsApart?: string;
  /** Why nobody could say whose the rows of an output are, if so. */
  readonly stray?: string;
  /** The rewritten graph, where it was asked for and could be written. */
  readonly graph?: FileSums;
}

export interface Examined {
  readonly model: ExaminedModel;
  readonly bytes: number;
  /** The folder that the rewritten graph is to be written to; it is that of the verdict's level unless that is `disabled`. */
  readonly savedTo?: string;
}

/** A step that uses no processor, or gets none, is given so many times as long. */
const patience = 10;

/** What the smallest model takes. */
const sessionBytes = 40_000;

const file = new URL("./examine.process.ts", import.meta.url);
const levels = ["all", "basic"] as const;

export class Examiner {
  readonly #limits: Limits;
  #process: Process<ExaminationApi> | undefined;
  #memoryMiB = 0;
  #last: Promise<unknown> = Promise.resolve();
  #idle: NodeJS.Timeout | undefined;

  constructor(limits: Partial<Limits> = {}) {
    this.#limits = { ...defaultLimits, ...limits };
  }

  /** One after the other: an examination takes all the cores it may. */
  examine(model: Examined): Promise<Verdict> {
    const verdict = this.#last.then(() => this.#examine(model));
    this.#last = verdict.then(
      () => this.#rest(),
      () => this.#rest(),
    );
    return verdict;
  }

  async close(): Promise<void> {
    await this.#last;
    clearTimeout(this.#idle);
    await this.#process?.close();
  }

  async #examine(examined: Examined): Promise<Verdict> {
    clearTimeout(this.#idle);
    const { model, bytes, savedTo } = examined;
    const memoryMiB = this.#limits.memoryMiB + Math.ceil((bytes * 4) / 2 ** 20);
    const step = <T>(what: string, call: (child: Process<ExaminationApi>) => Promise<T>) =>
      this.#step(what, memoryMiB, call);

    const found = await step("its first run", (child) => child.call("reference", model));
    let fallback: string | undefined;
    for (const level of levels) {
      const trial = await step(`a trial with ${level} rewriting`, async (child) => {
        return child.call("compare", level, savedTo);
      }).catch((error: unknown) => {
        if (error instanceof StarvedError) throw error;
        return errorMessage(error);
      });
      const complaint = typeof trial === "string" ? trial : trial.differs;
      if (typeof trial !== "string" && complaint === undefined)
        return verdictOf(level, trial, found, bytes, fallback);
      fallback ??= `with ${level} rewriting: ${complaint}`;
      // A process that is gone has forgotten the model.
      if (!this.#process?.alive)
        await step("its first run", (child) => child.call("reference", model));
    }
    const trial = await step("a trial", (child) => child.call("plain"));
    return verdictOf("disabled", trial, found, bytes, fallback);
  }

  async #step<T>(
    what: string,
    memoryMiB: number,
    call: (child: Process<ExaminationApi>) => Promise<T>,
  ): Promise<T> {
    const child = await this.#ready(memoryMiB);
    const { stepMs } = this.#limits;
    const watch = stopwatch(child);
    const late = setInterval(
      () => {
        const { usedMs, passedMs } = watch();
        if (usedMs > stepMs)
          child.kill(new DomainError("invalid-argument", `${what} took longer than ${stepMs} ms`));
        else if (passedMs > patience * stepMs) child.kill(new StarvedError(what, usedMs, passedMs));
      },
      Math.min(1000, stepMs / 4),
    );
    try {
      return await call(child);
    } catch (error) {
      if (child.alive || error instanceof StarvedError) throw error;
      throw new DomainError("invalid-argument", `the model is refused: ${errorMessage(error)}`, {
        cause: error,
      });
    } finally {
      clearInterval(late);
    }
  }

  async #ready(memoryMiB: number): Promise<Process<ExaminationApi>> {
    if (this.#process?.alive && this.#memoryMiB >= memoryMiB) return this.#process;
    await this.#process?.close();
    this.#memoryMiB = memoryMiB;
    this.#process = startProcess<ExaminationApi>(file, {
      name: "examination",
      heapMiB: memoryMiB,
      residentMiB: memoryMiB,
      // Models that serve are not to notice.
      yields: true,
    });
    // A step's time is the model's, not that of a machine that is slow to start a process.
    await this.#process.call("ready");
    return this.#process;
  }

  #rest(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      void this.#process?.close();
      this.#process = undefined;
    }, this.#limits.idleMs).unref();
  }
}

/** No fault of the model's, as far as anybody can tell. */
class StarvedError extends DomainError {
  constructor(what: string, usedMs: number, passedMs: number) {
    super(
      "unavailable",
      `${what} was given ${Math.round(usedMs)} ms of the processor in ${Math.round(passedMs)} ms: the machine, or its disk, is too busy to examine a model`,
    );
  }
}

/** A step's time is the model's: what the process has used, or all that has passed where the system does not tell. */
function stopwatch(child: Process<ExaminationApi>) {
  const started = performance.now();
  const before = child.processorMs;
  return () => {
    const passedMs = performance.now() - started;
    const now = child.processorMs;
    return { passedMs, usedMs: now === 0 ? passedMs : now - before };
  };
}

function verdictOf(
  optimization: Verdict["optimization"],
  { runMs, grownBytes, rowsApart, stray, saved }: Trial,
  { hazards, inputs, outputs }: Signature & Pick<Verdict, "hazards">,
  bytes: number,
  fallback: string | undefined,
): Verdict {
  // Memory that was freed before is used again and grows nothing: a model takes its size at least.
  const memoryBytes = Math.ceil(Math.max(bytes * 1.1 + sessionBytes, grownBytes));
  return {
    inputs,
    outputs,
    optimization,
    hazards,
    runMs,
    memoryBytes,
    ...(fallback === undefined ? {} : { fallback }),
    ...(rowsApart === undefined ? {} : { rowsApart }),
    ...(stray === undefined ? {} : { stray }),
    ...(saved === undefined ? {} : { graph: saved }),
  };
}
