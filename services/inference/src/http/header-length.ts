/** Where the JSON of a body ends: the header Inference-Header-Content-Length, or the end of the body. */
import { DomainError } from "@amaas/errors";

export const headerLength = "inference-header-content-length";

export function headerBytesOf(header: string | undefined, bodyBytes: number): number {
  if (header === undefined) return bodyBytes;
  const bytes = parsedLength(header);
  if (bytes <= bodyBytes) return bytes;
  throw new DomainError(
    "invalid-argument",
    `inference header size should be in range (0, ${bodyBytes}), got: ${bytes}`,
  );
}

export function parsedLength(header: string): number {
  const bytes = /^\d{1,15}$/.test(header) ? Number(header) : Number.NaN;
  if (!Number.isNaN(bytes)) return bytes;
  throw new DomainError(
    "invalid-argument",
    `Unable to parse Inference-Header-Content-Length, got: ${header.slice(0, 40)}`,
  );
}
