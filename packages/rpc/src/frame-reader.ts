/**
 * Messages out of the bytes of a stream: each comes behind a flag (compressed or not) and its length, and as many or
 * as few of them in a chunk as the peer and the network like.
 *
 * A message is copied once, out of the chunks that it came in: those share memory with other streams' and are much
 * larger than small messages, which would keep all of it.
 */
const headerBytes = 5;

export interface FrameSink {
  message(message: Buffer, compressed: boolean): void;
  /** So long that it is not read, nor what comes after it. */
  tooLarge(bytes: number): void;
}

export class FrameReader {
  readonly #limit: number;
  readonly #sink: FrameSink;
  /** How much of the header is there. */
  #header = 0;
  #compressed = false;
  #length = 0;
  #parts: Buffer[] = [];
  #missing = 0;

  /** Messages may have up to `limit` bytes. */
  constructor(limit: number, sink: FrameSink) {
    this.#limit = limit;
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
        this.#parts.push(chunk.subarray(at, end));
        return;
      }
      const message = this.#whole(chunk, at, end);
      this.#header = 0;
      this.#sink.message(message, this.#compressed);
      at = end;
    }
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
    if (this.#parts.length > 0) this.#parts = [];
    chunk.copy(message, at, start, end);
    return message;
  }
}
