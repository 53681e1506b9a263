/**
 * The messages that come in on a stream, as an async iterable with back-pressure.
 *
 * A little is read ahead so that the wire is busy while a message is worked on; beyond that the
 * peer has to wait until its messages are taken.
 */
import { Channel } from "./channel.ts";

const readAheadBytes = 1024 * 1024;
const readAheadMessages = 64;

export interface Source<T> {
  /** Asks for one more message. */
  read(): void;
  decode(bytes: Uint8Array): T;
  /** Nobody reads any more: the reader has left, or a message made no sense. */
  left(fault?: Error): void;
}

export class Inbound<T> extends Channel<T> {
  readonly #source: Source<T>;
  /** Of the messages that wait, in order. */
  readonly #sizes: number[] = [];
  #waiting = 0;
  #reading = false;

  constructor(source: Source<T>) {
    super();
    this.#source = source;
  }

  /** Starts reading, or goes on with it. */
  read(): void {
    if (this.#reading || this.ended) return;
    if (this.#waiting >= readAheadBytes || this.size >= readAheadMessages) return;
    this.#reading = true;
    this.#source.read();
  }

  receive(bytes: Uint8Array): void {
    this.#reading = false;
    if (this.ended) return;
    let message: T;
    try {
      message = this.#source.decode(bytes);
    } catch (error) {
      this.end(error as Error);
      this.#source.left(error as Error);
      return;
    }
    const before = this.size;
    this.push(message);
    if (this.size > before) {
      this.#sizes.push(bytes.byteLength);
      this.#waiting += bytes.byteLength;
    }
    this.read();
  }

  override next(): Promise<IteratorResult<T, undefined>> {
    const before = this.size;
    const result = super.next();
    if (before > 0) this.#waiting -= this.#sizes.shift() ?? 0;
    this.read();
    return result;
  }

  override return(): Promise<IteratorResult<T, undefined>> {
    const over = this.ended;
    const result = super.return();
    if (!over) this.#source.left();
    return result;
  }
}
