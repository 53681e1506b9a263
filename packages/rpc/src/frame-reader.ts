/**
 * Messages out of the bytes of a stream: each comes behind a flag (compressed or not) and its length, and as many or
 * as few of them in a chunk as the peer and the network like.
 *
 * A message is copied once, out of the chunks that it came in: those share memory with other streams' and are much
 * larger than small messages, which would keep all of it.
 */
import type { Unfinished } from "./unfinished.ts";

const headerBytes = 5;

/** What holding a part takes besides its bytes: frames of a byte each would otherwise take hundreds of times what counts. */
export const partBytes = 256;

export interface FrameSink {
  message(message: Buffer, compressed: boolean): void;
  /** So long that it is not read, nor what comes after it. */
  tooLarge(bytes: number): void;
  /** There is no memory for the rest of a message, nor for what comes after it. */
  crowded(): void;
}

export class FrameReader {
  readonly #limit: number;
  readonly #unfinished: Unfinished;
  readonly #sink: FrameSink;
  /** How much of the header is there. */
  #header = 0;
  #compressed = false;
  #length = 0;
  #parts: Buffer[] = [];
  /** By the parts, as it was taken from `unfinished`. */
  #held = 0;
  #missing = 0;

  /** Messages may have up to `limit` bytes; `drop` must be called at the end. */
  constructor(limit: number, unfinished: Unfinished, sink: FrameSink) {
    this.#limit = limit;
    this.#unfinished = unfinished;
    this.#sink = sink;
  }

  /** Whether the bytes so far end within a message. */
  get within(): boolean {
    return this.#header > 0;
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#header < headerBytes) {
        at = this.#readHeader(chunk, at);
        if (this.#header < headerBytes) return;
        this.#missing = this.#length;
        if (this.#length > this.#limit) {
          this.#sink.tooLarge(this.#length);
          return;
        }
      }
      const end = Math.min(chunk.length, at + this.#missing);
      this.#missing -= end - at;
      if (this.#missing > 0) {
        if (!this.#keep(chunk.subarray(at, end))) this.#sink.crowded();
        return;
      }
      const message = this.#whole(chunk, at, end);
      this.#header = 0;
      this.#sink.message(message, this.#compressed);
      at = end;
    }
  }

  /** Forgets the message that has not come in whole. */
  drop(): void {
    if (this.#parts.length === 0) return;
    this.#parts = [];
    this.#unfinished.give(this.#held);
    this.#held = 0;
  }

  #keep(part: Buffer): boolean {
    // Behind a header that ends its chunk.
    if (part.length === 0) return true;
    const bytes = part.length + partBytes;
    if (!this.#unfinished.take(bytes)) return false;
    this.#held += bytes;
    this.#parts.push(part);
    return true;
  }

  #readHeader(chunk: Buffer, start: number): number {
    if (this.#header === 0 && chunk.length - start >= headerBytes) {
      this.#compressed = chunk[start] !== 0;
      this.#length = chunk.readUInt32BE(start + 1);
      this.#header = headerBytes;
      return start + headerBytes;
    }
    let at = start;
    for (; at < chunk.length && this.#header < headerBytes; this.#header++) {
      const byte = chunk[at++]!;
      if (this.#header === 0) {
        this.#compressed = byte !== 0;
        this.#length = 0;
      } else {
        this.#length = this.#length * 256 + byte;
      }
    }
    return at;
  }

  #whole(chunk: Buffer, start: number, end: number): Buffer {
    const message = Buffer.allocUnsafe(this.#length);
    let at = 0;
    for (const part of this.#parts) at += part.copy(message, at);
    chunk.copy(message, at, start, end);
    this.drop();
    return message;
  }
}
