/**
 * Float32 buffers used again, so that a step in its stride allocates none.
 *
 * Reserved ones, which lie where they are worked on fastest, are taken first and never dropped, in
 * whichever order they come back. Others are made when those are all in use.
 */

interface Idle {
  readonly reserved: Float32Array<ArrayBuffer>[];
  readonly others: Float32Array<ArrayBuffer>[];
}

export class BufferPool {
  readonly #mostIdle: number;
  readonly #reserved = new WeakSet<Float32Array<ArrayBuffer>>();
  readonly #idle = new Map<number, Idle>();

  /** Keeps at most so many of one length that are not in use, and all that are reserved. */
  constructor(mostIdle: number) {
    this.#mostIdle = mostIdle;
  }

  reserve(buffer: Float32Array<ArrayBuffer>): void {
    this.#reserved.add(buffer);
    this.give(buffer);
  }

  /** A buffer that holds these little-endian bytes. */
  take(bytes: Uint8Array): Float32Array<ArrayBuffer> {
    const length = bytes.byteLength / 4;
    const { reserved, others } = this.#idleOf(length);
    const buffer = reserved.pop() ?? others.pop() ?? new Float32Array(length);
    new Uint8Array(buffer.buffer, buffer.byteOffset, bytes.byteLength).set(bytes);
    return buffer;
  }

  give(buffer: Float32Array<ArrayBuffer>): void {
    const { reserved, others } = this.#idleOf(buffer.length);
    (this.#reserved.has(buffer) ? reserved : others).push(buffer);
    if (reserved.length + others.length > this.#mostIdle) others.pop();
  }

  #idleOf(length: number): Idle {
    const known = this.#idle.get(length);
    if (known) return known;
    const none: Idle = { reserved: [], others: [] };
    this.#idle.set(length, none);
    return none;
  }
}
