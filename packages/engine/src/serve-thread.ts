/** The inside of a thread: answers the calls of its owner, one at a time and in order. */
import { type MessagePort, parentPort } from "node:worker_threads";
import { DomainError } from "@amaas/errors";
import { guardedCall } from "./exit-guard.ts";
import { givenAway } from "./give-away.ts";
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

/** Serves until the owner closes the thread; called once, by the thread's own file. */
export function serveThread<Api extends Methods<Api>>(handlers: ThreadHandlers<Api>): void {
  const port = parentPort;
  if (port === null)
    throw new DomainError("failed-precondition", "serveThread is for a thread, and this is none");
  const methods = new Map(Object.entries<Handler>(handlers));
  let guard: Int32Array = new Int32Array(2);
  let last = Promise.resolve();

  port.on("message", (request: Request) => {
    if (request.kind === "guard") guard = new Int32Array(request.memory);
    else if (request.kind === "close") last = last.then(() => port.close());
    else last = last.then(() => guardedCall(guard, () => answer(port, methods, request)));
  });
}

type Handler = (...args: never[]) => unknown;

async function answer(
  port: MessagePort,
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
