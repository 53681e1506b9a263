/** Messages that a peer has compressed. Answers never are: where bandwidth counts, tensors hardly shrink. */
import { DomainError, errorMessage, isDomainError } from "@amaas/errors";
import { isPacking, type UnpackOptions, unpack } from "./unpack.ts";

export const acceptedEncodings = "identity,deflate,gzip";

/** `encoding` is the request's grpc-encoding; a message may have at most `limit` bytes afterwards. */
export async function decompress(
  message: Buffer,
  encoding: string | undefined,
  options: UnpackOptions,
): Promise<Buffer> {
  if (!isPacking(encoding)) throw unknownEncoding(encoding);
  try {
    return await unpack(message, encoding, options);
  } catch (error) {
    if (isDomainError(error)) throw error;
    if (error instanceof RangeError) throw tooLarge("more", options.limit);
    throw new DomainError("internal", `the message is not ${encoding}: ${errorMessage(error)}`);
  }
}

function unknownEncoding(encoding: string | undefined): DomainError {
  // By the specification: to say that it is compressed, but not how, is a fault of the peer's.
  if (encoding === undefined || encoding === "identity")
    return new DomainError("internal", "the message is said to be compressed, but not how");
  return new DomainError(
    "unimplemented",
    `messages are taken in ${acceptedEncodings}, found ${encoding}`,
  );
}

export function tooLarge(bytes: number | "more", limit: number): DomainError {
  return new DomainError(
    "resource-exhausted",
    `messages of up to ${limit} bytes are taken, found ${bytes}`,
  );
}
