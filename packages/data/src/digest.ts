/**
 * The identity of a data set.
 */
import { createHash } from "node:crypto";

/**
 * `sha256:<hex>` over all that a data set follows from: the files' digests, how they are read, how
 * they are split. The order of an object's keys makes no difference.
 */
export function datasetDigest(parts: readonly unknown[]): string {
  return `sha256:${createHash("sha256").update(canonical(parts)).digest("hex")}`;
}

/** JSON with the keys in order, so that equal values have equal text. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
