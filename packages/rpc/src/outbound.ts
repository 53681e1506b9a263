/**
 * The messages that go out on a stream, pulled from an async iterable with back-pressure.
 *
 * A little is on its way while the next message is made; a peer that does not read thus stops
 * the producer. Bytes in a message are the producer's again when it is asked for the next one.
 * However it ends, the producer is told so (`return()`), and its `finally` has run
 * when `pump` settles.
 */

import { type Encoded, Gathered } from "./gather-writer.ts";

/** How much may be on its way when another message is sent. */
const aheadBytes = 1024 * 1024;
const aheadMessages = 64;

export interface Sink {
  /** Calls back once the message has left. */
  readonly send: (message: Encoded, sent: () => void) => void;
  /** Whether it takes a message before the one before has left. */
  readonly pipelined: boolean;
  /** Once aborted nothing more is sent and nothing called back. */
  readonly signal: AbortSignal;
}

/** Rejects with what the producer or `encode` throws, or with the signal's reason. */
export async function pump<T>(
  messages: AsyncIterable<T> | Iterable<T>,
  encode: (message: T) => Encoded,
  sink: Sink,
): Promise<void> {
  const { signal } = sink;
  const iterator = iteratorOf(messages);
  const flow = new Flow(sink);
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= closeIterator(iterator);
    return closing;
  };
  // At once, since the producer may be waiting for something that no longer comes.
  const onAbort = () => {
    flow.stop();
    void close();
  };
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    signal.throwIfAborted();
    for (;;) {
      const result = await iterator.next();
      signal.throwIfAborted();
      if (result.done) break;
      const message = encode(result.value);
      while (!flow.open) await flow.changed();
      signal.throwIfAborted();
      flow.send(message);
      while (!flow.copied) await flow.changed();
      // Whoever is asked for the next message uses the memory of this one again.
      signal.throwIfAborted();
    }
    while (!flow.empty) await flow.changed();
    signal.throwIfAborted();
  } finally {
    signal.removeEventListener("abort", onAbort);
    await close();
  }
}

/** Counts what is on its way. */
class Flow {
  readonly #sink: Sink;
  #bytes = 0;
  #messages = 0;
  #stopped = false;
  #last: Encoded | undefined;
  #wake: (() => void) | undefined;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  get empty(): boolean {
    return this.#messages === 0 || this.#stopped;
  }

  get open(): boolean {
    const { pipelined } = this.#sink;
    return this.empty || (pipelined && this.#bytes < aheadBytes && this.#messages < aheadMessages);
  }

  /** Whether the last message has been copied to where it leaves from. */
  get copied(): boolean {
    return this.#stopped || !(this.#last instanceof Gathered) || this.#last.copied;
  }

  send(message: Encoded): void {
    const size = message.byteLength;
    this.#bytes += size;
    this.#messages += 1;
    this.#last = message;
    if (message instanceof Gathered) message.whenCopied(() => this.#wake?.());
    this.#sink.send(message, () => {
      this.#bytes -= size;
      this.#messages -= 1;
      this.#wake?.();
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#wake?.();
  }

  /** Resolves when a message has left or none will any more. */
  changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

function iteratorOf<T>(messages: AsyncIterable<T> | Iterable<T>): AsyncIterator<T> | Iterator<T> {
  return Symbol.asyncIterator in messages
    ? messages[Symbol.asyncIterator]()
    : messages[Symbol.iterator]();
}

/** What a producer's clean-up throws has no one left to hear it: the call's outcome stands. */
async function closeIterator(iterator: AsyncIterator<unknown> | Iterator<unknown>): Promise<void> {
  try {
    await iterator.return?.();
  } catch {}
}
