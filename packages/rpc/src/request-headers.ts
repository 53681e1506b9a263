/** What the headers of a gRPC request say, by PROTOCOL-HTTP2 of the gRPC project. */
import type { IncomingHttpHeaders } from "node:http2";

/** Milliseconds. */
const units: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
};

/** In milliseconds; undefined where there is none, NaN where it makes no sense. */
export function timeoutOf(headers: IncomingHttpHeaders): number | undefined {
  const text = headers["grpc-timeout"];
  if (text === undefined) return undefined;
  if (typeof text !== "string" || text.length > 9) return Number.NaN;
  const amount = text.slice(0, -1);
  return /^\d+$/.test(amount) ? Number(amount) * (units[text.at(-1)!] ?? Number.NaN) : Number.NaN;
}

/** Of several values the first; bytes in base64. */
export function metadataOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const key = name.toLowerCase();
  const value = headers[key];
  const first = typeof value === "object" ? value[0] : value;
  if (first === undefined || !key.endsWith("-bin")) return first;
  // Peers leave out the padding, and join several with commas.
  return Buffer.from(first.split(",", 1)[0]!, "base64").toString("base64");
}
