/**
 * The name of a blob: the SHA-256 of its bytes.
 *
 * A `Digest` is made only by hashing or by `parseDigest`, so holding one means that its text has
 * the one form there is and can stand in a file's path.
 */
import { createHash, type Hash } from "node:crypto";
import { DomainError } from "@amaas/errors";

/** `sha256:` and 64 lower-case hexadecimal digits. */
export type Digest = `sha256:${string}`;

const pattern = /^sha256:[0-9a-f]{64}$/;

/** Checks text from outside. Anything but `sha256:<64 lower-case hex digits>` is refused. */
export function parseDigest(text: string): Digest {
  if (!isDigest(text)) {
    throw new DomainError(
      "invalid-argument",
      `${shown(text)} is not a digest; wanted sha256:<64 lower-case hexadecimal digits>`,
    );
  }
  return text;
}

/** The digest of bytes at hand. */
export function digestOf(bytes: Uint8Array): Digest {
  return finish(createHash("sha256").update(bytes));
}

/** The digest of what was fed to a hash. */
export function finish(hash: Hash): Digest {
  return `sha256:${hash.digest("hex")}`;
}

/** The 64 hexadecimal digits. */
export function hexOf(digest: Digest): string {
  return parseDigest(digest).slice("sha256:".length);
}

function isDigest(text: string): text is Digest {
  return pattern.test(text);
}

/** Hostile text may be of any length and hold any character. */
function shown(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
