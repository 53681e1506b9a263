/**
 * An event as services see it, and as it travels.
 *
 * On the wire an event is untyped bytes with a few headers. What comes from outside is checked
 * here; what is not well formed never reaches a handler.
 */
import { DomainError, errorMessage } from "@amaas/errors";
import {
  decodePayload,
  encodePayload,
  isSubject,
  type PayloadOf,
  type Subject,
} from "./subjects.ts";

export interface Event<S extends Subject = Subject> {
  readonly subject: S;
  /** Tells repeats of one event from two events. */
  readonly id: string;
  readonly data: PayloadOf<S>;
  /** The span that caused the event, and on receipt the span that published it. */
  readonly traceparent?: string | undefined;
}

export interface WireEvent {
  readonly subject: string;
  readonly id: string;
  readonly data: Uint8Array;
  readonly traceparent?: string | undefined;
}

/** Events are hints, not data: what they tell of is fetched from its owner. */
export const largestPayload = 64 * 1024;

const idPattern = /^[\x21-\x7e]{1,128}$/;
const traceparentPattern = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Throws `invalid-argument` where the event could not travel. */
export function encodeEvent<S extends Subject>(event: Event<S>): WireEvent {
  const { subject, id, traceparent } = event;
  const data = encodePayload(subject, event.data);
  const fault = faultOf({ subject, id, data });
  if (fault !== undefined) throw new DomainError("invalid-argument", `event ${subject}: ${fault}`);
  return { subject, id, data, traceparent };
}

/** Throws `invalid-argument` for an unknown subject and for a payload that cannot be read. */
export function decodeEvent(wire: WireEvent): Event {
  const fault = faultOf(wire);
  if (fault !== undefined) throw new DomainError("invalid-argument", fault);
  return decodeAs(requireSubject(wire.subject), wire);
}

/** An event whose subject is known already. */
export function decodeAs<S extends Subject>(subject: S, wire: WireEvent): Event<S> {
  try {
    const data = decodePayload(subject, wire.data);
    return { subject, id: wire.id, traceparent: cleanTraceparent(wire.traceparent), data };
  } catch (error) {
    throw new DomainError("invalid-argument", `payload of ${subject}: ${errorMessage(error)}`);
  }
}

/** What is wrong with an event's envelope, if anything. */
export function faultOf({ subject, id, data }: WireEvent): string | undefined {
  if (!isSubject(subject)) return `unknown subject ${JSON.stringify(subject.slice(0, 100))}`;
  if (!idPattern.test(id)) return "id: wanted 1 to 128 printable ASCII characters";
  if (data.length > largestPayload) {
    return `payload of ${data.length} bytes; wanted at most ${largestPayload}`;
  }
  return undefined;
}

/** A foreign publisher's broken trace context costs the trace, not the event. */
export function cleanTraceparent(text: string | undefined): string | undefined {
  return text !== undefined && traceparentPattern.test(text) ? text : undefined;
}

function requireSubject(text: string): Subject {
  if (isSubject(text)) return text;
  throw new DomainError("invalid-argument", `unknown subject ${JSON.stringify(text)}`);
}
