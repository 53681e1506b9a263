/**
 * Messages to bytes and back, without a copy of our own.
 *
 * Decoded `bytes` fields are views of the received buffer: they keep all of it alive.
 */
import { DomainError, errorMessage } from "@amaas/errors";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import type { MessageType } from "./definition.ts";
import { GatherWriter } from "./gather-writer.ts";

/** Above this a message is mostly `bytes`. */
const bulky = 32 * 1024;

/** Messages of a stream resemble each other: the size of one chooses the writer for the next. */
export function encoder<T>(type: MessageType<T>): (message: T) => Buffer {
  let last = 0;
  return (message) => {
    const writer = last < bulky ? new BinaryWriter() : new GatherWriter();
    const bytes = type.encode(message, writer).finish();
    last = bytes.byteLength;
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
}

/** Throws what `fault` makes of the decoder's complaint. */
export function decode<T>(
  type: MessageType<T>,
  bytes: Uint8Array,
  fault: (complaint: string) => DomainError,
): T {
  try {
    // A plain view: a Buffer's `slice` and `toJSON` would surprise whoever gets a field.
    return type.decode(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (error) {
    throw fault(errorMessage(error));
  }
}

export function malformedRequest(complaint: string): DomainError {
  return new DomainError("invalid-argument", `the request is no message of its type: ${complaint}`);
}

export function malformedResponse(complaint: string): DomainError {
  return new DomainError("internal", `the response is no message of its type: ${complaint}`);
}
