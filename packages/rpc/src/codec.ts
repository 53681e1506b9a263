/**
 * Messages to bytes and back, without a copy of our own.
 *
 * Decoded `bytes` fields are views of the received buffer: they keep all of it alive.
 */
import { DomainError, errorMessage } from "@amaas/errors";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import type { MessageType } from "./definition.ts";
import { type Encoded, GatherWriter } from "./gather-writer.ts";

/** Above this a message is mostly `bytes`. */
const bulky = 32 * 1024;

/** Small messages between two bulky ones that do not make the next one a surprise. */
const remembered = 64;

/** Messages of a method resemble each other: the sizes of the last ones choose the writer. */
export function encoder<T>(type: MessageType<T>): (message: T) => Encoded {
  let sinceBulky = remembered;
  return (message) => {
    const encoded = sinceBulky < remembered ? gather(type, message) : write(type, message);
    sinceBulky = encoded.byteLength < bulky ? sinceBulky + 1 : 0;
    return encoded;
  };
}

function gather<T>(type: MessageType<T>, message: T): Encoded {
  const writer = new GatherWriter();
  type.encode(message, writer);
  return writer.gathered();
}

/** Used again and again: a new writer begins with a new buffer, for the garbage collector to take away. */
let writer = new BinaryWriter();

function write<T>(type: MessageType<T>, message: T): Encoded {
  const own = writer;
  // Taken as long as it is in use, lest a getter of the message encodes another with it; and left
  // to go where a message fails halfway.
  writer = new BinaryWriter();
  const bytes = type.encode(message, own).finish();
  if (bytes.byteLength < bulky) writer = own;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
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
