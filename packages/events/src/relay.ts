/**
 * The embedded bus' end in a supervisor: what one child publishes goes to every child, the
 * sender included.
 */
import type { ChildProcess } from "node:child_process";
import { Chaos, type ChaosOptions } from "./chaos.ts";
import { type EventMessage, hasType, hello, isEventMessage, relay } from "./messages.ts";

export interface Relay {
  /** Carries the events of a child with an IPC channel, until it is gone. */
  attach(child: ChildProcess): void;
  close(): void;
}

/** A child that does not read, stopped or hung, gets no more than this many behind. */
const mostUnread = 1000;

/** How long an item held back by chaos waits for others. */
const holdMs = 50;

export function createRelay(options: { readonly chaos?: ChaosOptions } = {}): Relay {
  const lines = new Set<Line>();
  let attached = 0;
  return {
    attach(child) {
      const chaos = options.chaos && new Chaos<EventMessage>(options.chaos, attached++);
      const line = new Line(child, chaos);
      lines.add(line);
      const listen = (message: unknown) => {
        if (hasType(message, hello.type)) line.send(relay);
        if (isEventMessage(message)) for (const each of lines) each.carry(message);
      };
      const detach = () => {
        lines.delete(line);
        child.off("message", listen);
      };
      child.on("message", listen).once("disconnect", detach).once("exit", detach);
      line.onClose = detach;
      line.send(relay);
    },
    close() {
      for (const line of [...lines]) line.onClose();
    },
  };
}

class Line {
  readonly #child: ChildProcess;
  readonly #chaos: Chaos<EventMessage> | undefined;
  #unread = 0;
  #timer: NodeJS.Timeout | undefined;
  onClose: () => void = () => undefined;

  constructor(child: ChildProcess, chaos: Chaos<EventMessage> | undefined) {
    this.#child = child;
    this.#chaos = chaos;
  }

  carry(message: EventMessage): void {
    if (this.#chaos === undefined) {
      this.send(message);
      return;
    }
    for (const each of this.#chaos.pass(message)) this.send(each);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#flush(), holdMs).unref();
  }

  send(message: EventMessage | typeof relay): void {
    if (!this.#child.connected || this.#unread >= mostUnread) return;
    this.#unread += 1;
    // A child that dies meanwhile is no error: its channel's end detaches it.
    this.#child.send(message, undefined, undefined, () => {
      this.#unread -= 1;
    });
  }

  #flush(): void {
    for (const message of this.#chaos?.flush() ?? []) this.send(message);
  }
}
