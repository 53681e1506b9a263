/**
 * One call on the client: what is sent, what comes back, and how it ends.
 *
 * However it ends, it ends once, with nothing or with a `DomainError`: a status, a peer that died
 * or a caller that gave up.
 */
import type { ClientHttp2Stream } from "node:http2";
import { DomainError } from "@amaas/errors";
import { type Channel, Metadata, type StatusObject, status } from "@grpc/grpc-js";
import { awaitStream } from "./client-streams.ts";
import { type Encoded, Gathered } from "./gather-writer.ts";
import { pump } from "./outbound.ts";
import { fromStatus } from "./status.ts";

export interface CallParts {
  readonly channel: Channel;
  /** `/<package>.<Service>/<Method>` */
  readonly path: string;
  /** Milliseconds since the epoch; infinite where there is none. */
  readonly deadline: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly traceparent: string;
  readonly signal: AbortSignal | undefined;
  readonly onMessage: (bytes: Uint8Array) => void;
  readonly onEnd: (error: unknown) => void;
}

export class ClientCall {
  readonly #call: ReturnType<Channel["createCall"]>;
  readonly #parts: CallParts;
  readonly #metadata: Metadata;
  /** Aborted at the end, so that the producer of requests stops. */
  readonly #over = new AbortController();
  #stream: ClientHttp2Stream | undefined;
  readonly #onAbort = () => this.cancel(new DomainError("cancelled", "the caller gave up"));

  /** Throws where the metadata cannot be sent. */
  constructor(parts: CallParts) {
    this.#parts = parts;
    this.#metadata = outgoing(parts);
    this.#call = parts.channel.createCall(parts.path, parts.deadline, null, null, null);
  }

  start(): void {
    const { signal, onMessage } = this.#parts;
    this.#call.start(this.#metadata, {
      onReceiveMetadata: () => {},
      onReceiveMessage: onMessage,
      onReceiveStatus: (received) => this.#ended(received),
    });
    signal?.addEventListener("abort", this.#onAbort, { once: true });
    if (signal?.aborted) this.#onAbort();
  }

  read(): void {
    this.#call.startRead();
  }

  /** Sends all of them; a producer that fails ends the call with what it threw. */
  async sendAll<T>(
    messages: AsyncIterable<T> | Iterable<T>,
    encode: (message: T) => Encoded,
  ): Promise<void> {
    const forget = awaitStream(this.#parts.traceparent, (stream) => {
      this.#stream = stream;
    });
    try {
      await pump(messages, encode, {
        signal: this.#over.signal,
        // grpc-js takes one message at a time.
        pipelined: false,
        send: (message, sent) =>
          this.#call.sendMessageWithContext(
            {
              callback: () => {
                // A failed write has destroyed the stream, and then Node may still be reading.
                if (message instanceof Gathered && this.#stream?.destroyed === false)
                  message.release();
                sent();
              },
            },
            message as Buffer,
          ),
      });
      this.#call.halfClose();
    } catch (error) {
      if (!this.#over.signal.aborted) this.cancel(error);
    } finally {
      forget();
    }
  }

  /** Ends the call now, for this reason. */
  cancel(reason: unknown): void {
    if (this.#end(reason)) this.#call.cancelWithStatus(status.CANCELLED, "the caller gave up");
  }

  #ended(received: StatusObject): void {
    this.#end(received.code === status.OK ? undefined : fromStatus(received));
  }

  #end(error: unknown): boolean {
    if (this.#over.signal.aborted) return false;
    this.#parts.signal?.removeEventListener("abort", this.#onAbort);
    this.#over.abort();
    this.#parts.onEnd(error);
    return true;
  }
}

function outgoing({ metadata, traceparent }: CallParts): Metadata {
  const result = new Metadata();
  try {
    for (const [name, value] of Object.entries(metadata)) result.set(name, value);
  } catch (error) {
    throw new DomainError("invalid-argument", (error as Error).message, { cause: error });
  }
  result.set("traceparent", traceparent);
  return result;
}
