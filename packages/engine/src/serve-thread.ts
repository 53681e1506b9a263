/** The inside of a thread or a process: answers the calls of its owner, one at a time and in order. */
import { parentPort } from "node:worker_threads";
import { DomainError } from "@amaas/errors";
import { guardedCall } from "./exit-guard.ts";
import { givenAway } from "./give-away.ts";
import { ownerOfProcess } from "./process-port.ts";
import {
  type ArgumentsOf,
  faultOf,
  type MethodOf,
  type Methods,
  type Reply,
  type Request,
  type ResultOf,
} from "./protocol.ts";

/** One function per method; what it throws, the caller is thrown. */
export type ThreadHandlers<Api extends Methods<Api>> = {
  readonly [M in MethodOf<Api>]: (
    ...args: ArgumentsOf<Api, M>
  ) => ResultOf<Api, M> | Promise<ResultOf<Api, M>>;
};

/** Where calls come from and answers go to. */
export interface Port {
  on(event: "message", listener: (request: Request) => void): void;
  postMessage(reply: Reply, memory: ArrayBuffer[]): void;
  /** What is left to be sent is sent; then the thread or process ends. */
  close(): void;
}

/** Serves until the owner closes the thread or process; called once, by its own file. */
export function serveThread<Api extends Methods<Api>>(handlers: ThreadHandlers<Api>): void {
  const port: Port | undefined = parentPort ?? ownerOfProcess();
  if (port === undefined)
    throw new DomainError(
      "failed-precondition",
      "serveThread is for a thread or a process of somebody's, and this is none",
    );
  const methods = new Map(Object.entries<Handler>(handlers));
  let guard: Int32Array = new Int32Array(2);
  let last = Promise.resolve();

  port.on("message", (request) => {
    if (request.kind === "guard") guard = new Int32Array(request.memory);
    else if (request.kind === "close") last = last.then(() => port.close());
    else last = last.then(() => guardedCall(guard, () => answer(port, methods, request)));
  });
}

type Handler = (...args: never[]) => unknown;

async function answer(
  port: Port,
  methods: ReadonlyMap<string, Handler>,
  { id, method, args }: Extract<Request, { kind: "call" }>,
): Promise<void> {
  const reply = (message: Reply, memory: ArrayBuffer[] = []) => port.postMessage(message, memory);
  try {
    const handler = methods.get(method);
    if (handler === undefined)
      throw new DomainError("unimplemented", `the thread has no method ${method}`);
    const value = await handler(...(args as never[]));
    reply({ kind: "value", id, value }, givenAway([value]));
  } catch (error) {
    reply({ kind: "fault", id, fault: faultOf(error) });
  }
}
