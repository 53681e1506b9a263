/**
 * One call in a process of its own, for work on what outsiders have uploaded: whatever it does to its
 * process, out of memory or worse, is an error here and nothing more.
 */
import "./no-telemetry.ts";
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { DomainError } from "@amaas/errors";
import {
  type ArgumentsOf,
  errorOf,
  faultOf,
  type MethodOf,
  type Methods,
  type Reply,
  type ResultOf,
} from "./protocol.ts";
import type { ThreadHandlers } from "./serve-thread.ts";

export interface ProcessOptions {
  /** For the words of errors. */
  readonly name: string;
  /** What its objects may take. */
  readonly heapMiB: number;
  /** Ends the process at once. */
  readonly signal?: AbortSignal;
}

/** The process was ended from outside: by somebody, or by a system that is short of memory. */
export class KilledError extends DomainError {
  constructor(name: string) {
    super("unavailable", `process ${name} was killed`);
  }
}

interface Call {
  readonly method: string;
  readonly args: unknown[];
}

/** Starts the process whose file calls `serveCall<Api>`, and ends it with the answer. */
export async function callProcess<Api extends Methods<Api>, M extends MethodOf<Api>>(
  url: URL,
  { name, heapMiB, signal }: ProcessOptions,
  method: M,
  ...args: ArgumentsOf<Api, M>
): Promise<ResultOf<Api, M>> {
  signal?.throwIfAborted();
  const child = fork(fileURLToPath(url), {
    execArgv: [`--max-old-space-size=${heapMiB}`],
    serialization: "advanced",
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  const kill = () => child.kill("SIGKILL");
  signal?.addEventListener("abort", kill);
  try {
    const reply = await new Promise<Reply>((resolve, reject) => {
      child.once("message", (message) => resolve(message as Reply));
      child.once("error", reject);
      child.once("exit", (code, killed) => reject(gone(name, heapMiB, code, killed)));
      child.send({ method, args } satisfies Call, (error) => error && reject(error));
    });
    if (reply.kind === "fault") throw errorOf(reply.fault);
    return reply.value as ResultOf<Api, M>;
  } finally {
    signal?.removeEventListener("abort", kill);
    kill();
  }
}

/** Answers the one call; called once, by the process' own file. */
export function serveCall<Api extends Methods<Api>>(handlers: ThreadHandlers<Api>): void {
  // Whoever called is who ends it: an interrupt from a terminal reaches both.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => undefined);
  process.once("disconnect", () => process.exit());
  process.once("message", async (message) => {
    const { method, args } = message as Call;
    const handler = new Map(Object.entries<Handler>(handlers)).get(method);
    const answer = async (): Promise<Reply> => {
      try {
        if (!handler) throw new DomainError("unimplemented", `the process has no method ${method}`);
        return { kind: "value", id: 0, value: await handler(...(args as never[])) };
      } catch (error) {
        return { kind: "fault", id: 0, fault: faultOf(error) };
      }
    };
    process.send?.(await answer());
  });
}

type Handler = (...args: never[]) => unknown;

/**
 * Killed from outside, it may as well be started again. A process that ends by itself was driven to it by
 * what it was given, and would be again.
 */
function gone(
  name: string,
  heapMiB: number,
  code: number | null,
  signal: NodeJS.Signals | null,
): DomainError {
  if (signal === "SIGKILL") return new KilledError(name);
  return new DomainError(
    "resource-exhausted",
    `process ${name} ended by itself (${signal ?? `exit code ${code}`}): what it was given is damaged, or takes more than ${heapMiB} MiB of memory`,
  );
}
