/**
 * The identity of a data set, and of a split of it.
 */
import { createHash } from "node:crypto";
import type { RowSplit } from "./split.ts";

/**
 * `sha256:<hex>` over all that a data set follows from: the files' digests, how they are read, how
 * they are split. The order of an object's keys makes no difference.
 */
export function datasetDigest(parts: readonly unknown[]): string {
  return `sha256:${createHash("sha256").update(canonical(parts)).digest("hex")}`;
}

/** `sha256:<hex>` over the row numbers of each part: how many, then each, as 32 bits, little-endian. */
export function splitDigest({ training, validation, test }: RowSplit): string {
  const hash = createHash("sha256");
  for (const part of [training, validation, test]) {
    hash.update(Uint32Array.of(part.length));
    hash.update(part);
  }
  return `sha256:${hash.digest("hex")}`;
}

/** JSON with the keys in order, so that equal values have equal text. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
