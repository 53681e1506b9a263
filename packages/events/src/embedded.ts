/**
 * The embedded bus' end in a service: over IPC to the supervisor's relay where there is one,
 * else within this process.
 *
 * A parent on the other end of the channel may be a supervisor or anything else, so it is asked.
 * Until it has answered, or has had the time to, events wait: told to nobody, they would be lost.
 */
import { DomainError } from "@amaas/errors";
import type { WireEvent } from "./event.ts";
import { fromMessage, hasType, hello, isEventMessage, relay, toMessage } from "./messages.ts";
import type { Receiver, Transport } from "./transport.ts";

/** A supervisor speaks first, so its word is usually there when we begin to listen. */
const answerMs = 500;

export class EmbeddedTransport implements Transport {
  readonly system = "amaas";
  readonly #receiver: Receiver;
  readonly #answered = Promise.withResolvers<void>();
  readonly #timer: NodeJS.Timeout | undefined;
  #relayed = false;

  constructor(receiver: Receiver) {
    this.#receiver = receiver;
    void this.#answered.promise.then(() => receiver.connected());
    process.on("message", this.#listen);
    if (process.send === undefined) this.#answered.resolve();
    else this.#timer = setTimeout(this.#answered.resolve, answerMs);
    // Nobody may be there to hear it, or the channel may be gone.
    process.send?.(hello, undefined, undefined, () => undefined);
  }

  async send(event: WireEvent): Promise<void> {
    await this.#answered.promise;
    if (!this.#relayed) {
      this.#receiver.received(event);
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const done = (error: Error | null) => (error ? reject(gone(error)) : resolve());
      if (!process.connected || process.send === undefined) done(new Error("disconnected"));
      else process.send(toMessage(event), undefined, undefined, done);
    });
  }

  async close(): Promise<void> {
    // The last listener gone, the channel no longer keeps the process alive.
    process.off("message", this.#listen);
    clearTimeout(this.#timer);
    this.#answered.resolve();
  }

  #listen = (message: unknown): void => {
    if (isEventMessage(message)) this.#receiver.received(fromMessage(message));
    if (hasType(message, relay.type)) this.#useRelay();
  };

  #useRelay(): void {
    if (this.#relayed) return;
    this.#relayed = true;
    clearTimeout(this.#timer);
    this.#answered.resolve();
  }
}

function gone(cause: Error): DomainError {
  return new DomainError("unavailable", `the supervisor's event relay is gone: ${cause.message}`, {
    cause,
  });
}
