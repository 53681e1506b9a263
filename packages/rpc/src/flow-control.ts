/**
 * How much a peer may send before it has to wait for us.
 *
 * grpc-js leaves a server's windows at HTTP/2's 64 KiB and has no option for them, so that a
 * client's upload stops every 64 KiB for a round trip and a turn of both event loops. Node tells
 * of every new stream of the process' HTTP/2 servers, which are all ours; the first one of a
 * session is early enough.
 */
import { subscribe } from "node:diagnostics_channel";
import type { Http2Session, Http2Stream } from "node:http2";

/** For each stream, and four times that for a connection's streams together. */
export const streamWindow = 1024 * 1024;

const widened = new WeakSet<Http2Session>();
let subscribed = false;

export function widenServerWindows(): void {
  if (subscribed) return;
  subscribed = true;
  subscribe("http2.server.stream.created", (message) => {
    const { session } = (message as { stream: Http2Stream }).stream;
    if (session === undefined || session.destroyed || widened.has(session)) return;
    widened.add(session);
    session.settings({ initialWindowSize: streamWindow });
    session.setLocalWindowSize(4 * streamWindow);
  });
}
