/**
 * Memory of large messages, given back when it is known to be of no more use.
 *
 * Left to the garbage collector, a stream of half-megabyte buffers costs more than all else that
 * is done with it: V8 counts them as growth of the heap and collects every few of them, and each
 * new one is fresh pages from the kernel. Given back, the same warm pages serve message after message.
 */

/**
 * For what came out of a received message and is not wanted any more. All views of the message are
 * empty afterwards. Small messages, which share memory with others, are left alone.
 */
export function release(bytes: Uint8Array): void {
  const { buffer } = bytes;
  // Node keeps small buffers together in slabs, of which none fills as much as half.
  if (buffer instanceof ArrayBuffer && bytes.byteLength > buffer.byteLength / 2) buffer.transfer(0);
}
