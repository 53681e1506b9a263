/**
 * W3C trace context: the `traceparent` that goes over the wire, into rows and into tasks.
 *
 * `parseTraceparent` never throws: what it does not understand is no context, as the standard
 * asks, since a caller's broken header must not break the call.
 */
import { randomFillSync } from "node:crypto";

export interface TraceContext {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** 16 lower-case hex digits. */
  readonly spanId: string;
  /** Whether the spans of this trace are recorded. */
  readonly sampled: boolean;
}

// Version ff is invalid; a version above 00 may carry more fields behind the flags.
const pattern = /^(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const longest = 256;

export function parseTraceparent(traceparent: string | undefined): TraceContext | undefined {
  if (!traceparent || traceparent.length > longest) return undefined;
  const [, version, traceId = "", spanId = "", flags = "", rest] = pattern.exec(traceparent) ?? [];
  if (version === undefined || (version === "00" && rest !== undefined)) return undefined;
  if (isZero(traceId) || isZero(spanId)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function formatTraceparent({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
}

/** Of one of ours, without parsing it: bit 0 of the flags, which are the last two of 55 characters. */
export function isSampled(traceparent: string): boolean {
  return traceparent.length === 55 && (traceparent.charCodeAt(54) & 1) === 1;
}

/** The same place in the same trace, recorded or not; for one of ours. */
export function withSampled(traceparent: string, sampled: boolean): string {
  return `${traceparent.slice(0, -2)}${sampled ? "01" : "00"}`;
}

/** The trace id of a traceparent, empty where it is not one. */
export function traceIdOf(traceparent: string | undefined): string {
  return parseTraceparent(traceparent)?.traceId ?? "";
}

export const newTraceId = (): string => randomId(16);
export const newSpanId = (): string => randomId(8);

/** Random bytes in store: to ask for a few each time costs far more than the bytes. */
const store = Buffer.alloc(4096);
let used = store.length;

function randomId(bytes: number): string {
  for (;;) {
    if (used + bytes > store.length) {
      randomFillSync(store);
      used = 0;
    }
    used += bytes;
    const id = store.toString("hex", used - bytes, used);
    if (!isZero(id)) return id;
  }
}

function isZero(id: string): boolean {
  return /^0*$/.test(id);
}
