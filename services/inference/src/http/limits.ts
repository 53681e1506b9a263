/** What a peer can make grow, and how far: sizes in bytes, times in milliseconds. */
import { headerLength, parsedLength } from "./header-length.ts";
import type { BodyKind } from "./route.ts";
import { HttpRefusal } from "./status.ts";

export interface RestLimits {
  /** Of one request, as large as a gRPC message may be. */
  readonly bodyBytes: number;
  /** JSON is read and written on the event loop, so that a large one holds up everybody. */
  readonly jsonBytes: number;
  /** Of all requests together, while they are read and answered. */
  readonly heldBytes: number;
  readonly connections: number;
  /** For the head of a request, from the connection's first byte. */
  readonly headersMs: number;
  /** For all of a request. */
  readonly requestMs: number;
  /** For a connection between two requests; longer than the 60 s of most load balancers, which must close first. */
  readonly idleMs: number;
  /** Without a byte of an answer being taken. */
  readonly stalledMs: number;
}

const mebibyte = 2 ** 20;

export const standardLimits: RestLimits = {
  bodyBytes: 64 * mebibyte,
  jsonBytes: 4 * mebibyte,
  heldBytes: 512 * mebibyte,
  connections: 1024,
  headersMs: 10_000,
  requestMs: 120_000,
  idleMs: 75_000,
  stalledMs: 60_000,
};

const settingsBytes = mebibyte;

/** Why a body of so many bytes is not read, before it is. */
export function refusalOf(
  kind: BodyKind,
  headers: { readonly [name: string]: string | string[] | undefined },
  { bodyBytes, jsonBytes }: RestLimits,
): (bytes: number) => HttpRefusal | undefined {
  if (kind === "settings") return (bytes) => atMost(bytes, settingsBytes, "the body");
  const json = headers[headerLength];
  if (kind === "tensors" && json === undefined && headers["content-encoding"] === undefined)
    return (bytes) => jsonTooLarge(bytes, jsonBytes);
  const head = typeof json === "string" ? jsonTooLarge(parsedLength(json), jsonBytes) : undefined;
  return (bytes) => head ?? atMost(bytes, bodyBytes, "the body");
}

export function jsonTooLarge(bytes: number, most: number): HttpRefusal | undefined {
  const advice = `; send tensors as binary data behind the JSON, with Inference-Header-Content-Length`;
  return atMost(bytes, most, "the JSON", advice);
}

function atMost(bytes: number, most: number, what: string, advice = ""): HttpRefusal | undefined {
  if (bytes <= most) return undefined;
  return new HttpRefusal(413, `${what} has ${bytes} bytes or more, of at most ${most}${advice}`);
}
