/**
 * What the embedded bus says over a child process' IPC channel.
 *
 * A child says `hello`; a parent that carries events answers, or speaks first, with `relay`. A
 * child of any other parent gets no answer and keeps its events to itself.
 */
import { largestPayload, type WireEvent } from "./event.ts";

export const hello = { type: "amaas:hello" } as const;
export const relay = { type: "amaas:relay" } as const;

export interface EventMessage {
  readonly type: "amaas:event";
  readonly subject: string;
  readonly id: string;
  readonly traceparent?: string | undefined;
  /** Base64. */
  readonly data: string;
}

export function toMessage({ subject, id, traceparent, data }: WireEvent): EventMessage {
  const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64");
  return { type: "amaas:event", subject, id, traceparent, data: text };
}

export function fromMessage({ subject, id, traceparent, data }: EventMessage): WireEvent {
  return { subject, id, traceparent, data: Buffer.from(data, "base64") };
}

export function isEventMessage(message: unknown): message is EventMessage {
  if (!hasType(message, "amaas:event")) return false;
  const { subject, id, traceparent, data }: Record<string, unknown> = message;
  return (
    isShortText(subject, 256) &&
    isShortText(id, 256) &&
    (traceparent === undefined || isShortText(traceparent, 256)) &&
    isShortText(data, 2 * largestPayload)
  );
}

export function hasType(
  message: unknown,
  type: string,
): message is Record<string, unknown> & { type: string } {
  return (
    typeof message === "object" && message !== null && "type" in message && message.type === type
  );
}

function isShortText(value: unknown, limit: number): boolean {
  return typeof value === "string" && value.length <= limit;
}
