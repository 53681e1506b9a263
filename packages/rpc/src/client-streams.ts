/**
 * The HTTP/2 streams of calls, which grpc-js keeps to itself: whoever sends large messages has to
 * know whether one has left or has failed.
 *
 * Node tells of every new stream, and the trace context in its headers says whose it is: no two calls
 * have the same.
 */
import { subscribe } from "node:diagnostics_channel";
import type { ClientHttp2Stream, OutgoingHttpHeaders } from "node:http2";

const awaited = new Map<string, (stream: ClientHttp2Stream) => void>();
let subscribed = false;

/** Calls `found` with the stream that carries this trace context; ends with what it returns. */
export function awaitStream(
  traceparent: string,
  found: (stream: ClientHttp2Stream) => void,
): () => void {
  if (!subscribed) subscribe("http2.client.stream.created", tell);
  subscribed = true;
  awaited.set(traceparent, found);
  return () => awaited.delete(traceparent);
}

function tell(message: unknown): void {
  const { stream, headers } = message as {
    stream: ClientHttp2Stream;
    headers: OutgoingHttpHeaders;
  };
  const traceparent = String(headers.traceparent);
  awaited.get(traceparent)?.(stream);
  awaited.delete(traceparent);
}
