/** Calls that have no answer yet, in the order they were made, which is that in which they are worked at. */
import { errorOf, type Reply } from "./protocol.ts";

interface Waiter {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export class Calls {
  readonly #waiting = new Map<number, Waiter>();
  #lastId = 0;

  get pending(): number {
    return this.#waiting.size;
  }

  begin(): { readonly id: number; readonly answer: Promise<unknown> } {
    const id = ++this.#lastId;
    const { promise, ...waiter } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, waiter);
    return { id, answer: promise };
  }

  settle(reply: Reply): void {
    const waiter = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (reply.kind === "value") waiter?.resolve(reply.value);
    else waiter?.reject(errorOf(reply.fault));
  }

  /** Nobody is there any more to answer them. */
  abandon(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
