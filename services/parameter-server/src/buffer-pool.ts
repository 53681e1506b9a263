/** Float32 buffers used again, so that a step in its stride allocates none. */

export class BufferPool {
  readonly #mostIdle: number;
  readonly #idle = new Map<number, Float32Array<ArrayBuffer>[]>();

  /** Keeps at most so many of one length that are not in use. */
  constructor(mostIdle: number) {
    this.#mostIdle = mostIdle;
  }

  /** A buffer that holds these little-endian bytes. */
  take(bytes: Uint8Array): Float32Array<ArrayBuffer> {
    const length = bytes.byteLength / 4;
    const buffer = this.#idle.get(length)?.pop() ?? new Float32Array(length);
    new Uint8Array(buffer.buffer, buffer.byteOffset, bytes.byteLength).set(bytes);
    return buffer;
  }

  give(buffer: Float32Array<ArrayBuffer>): void {
    const idle = this.#idle.get(buffer.length) ?? [];
    if (idle.length < this.#mostIdle) idle.push(buffer);
    this.#idle.set(buffer.length, idle);
  }
}
