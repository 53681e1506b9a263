/** Float32 buffers used again, so that a step in its stride allocates none. */

const MAX_IDLE = 64;

export class BufferPool {
  readonly #idle = new Map<number, Float32Array[]>();

  /** A buffer that holds these little-endian bytes. */
  take(bytes: Uint8Array): Float32Array {
    const length = bytes.byteLength / 4;
    const buffer = this.#idle.get(length)?.pop() ?? new Float32Array(length);
    new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength).set(bytes);
    return buffer;
  }

  give(buffer: Float32Array): void {
    const idle = this.#idle.get(buffer.length) ?? [];
    if (idle.length < MAX_IDLE) idle.push(buffer);
    this.#idle.set(buffer.length, idle);
  }
}
