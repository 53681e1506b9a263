/**
 * A client's connection: where it comes from, how much it may send ahead, how a dead peer is noticed, how old it gets.
 */
import { constants, type Http2Session, type ServerHttp2Session } from "node:http2";
import type { Attributes } from "@amaas/telemetry";
import { streamWindow } from "./flow-control.ts";
import { peerAttributes } from "./instrument.ts";

export interface Peer {
  /** host:port */
  readonly address: string;
  readonly attributes: Attributes;
}

export interface ConnectionOptions {
  /** How often a connection is checked; a peer that does not answer in half that time is given up. */
  readonly keepaliveMs: number;
  readonly maxAgeMs: number;
}

const peers = new WeakMap<Http2Session, Peer>();
const unknown: Peer = { address: "unknown", attributes: {} };

export function peerOf(session: Http2Session | undefined): Peer {
  return (session && peers.get(session)) ?? unknown;
}

export function tend(session: ServerHttp2Session, options: ConnectionOptions): void {
  const { remoteAddress = "unknown", remotePort = 0 } = session.socket;
  const address = `${remoteAddress}:${remotePort}`;
  peers.set(session, { address, attributes: peerAttributes(address) });
  session.setLocalWindowSize(4 * streamWindow);
  const stops = [keepAlive(session, options.keepaliveMs), limitAge(session, options.maxAgeMs)];
  session.once("close", () => {
    for (const stop of stops) stop();
  });
}

/**
 * Each answer is followed by a pause, so that there is one ping on its way at most. A connection that is
 * closing has calls to end first, and Node sends no ping on it: their deadlines are left, and the socket's probes.
 */
function keepAlive(session: ServerHttp2Session, everyMs: number): () => void {
  let timer: NodeJS.Timeout;
  const giveUp = () => session.destroy();
  const rest = () => {
    timer = setTimeout(ping, everyMs).unref();
  };
  const ping = () => {
    if (session.closed) return;
    timer = setTimeout(giveUp, everyMs / 2).unref();
    const answered = (error: Error | null) => {
      clearTimeout(timer);
      if (error === null && !session.destroyed) rest();
    };
    if (session.destroyed || !session.ping(answered)) giveUp();
  };
  rest();
  return () => clearTimeout(timer);
}

/** A tenth earlier or later, lest clients that came together come back together. */
function limitAge(session: ServerHttp2Session, maxAgeMs: number): () => void {
  const age = maxAgeMs * (0.9 + Math.random() / 5);
  const timer = setTimeout(() => {
    if (session.destroyed) return;
    // Calls that are on their way are still taken; `close` then says which was the last.
    session.goaway(constants.NGHTTP2_NO_ERROR, 2 ** 31 - 1, Buffer.from("max_age"));
    session.close();
  }, age);
  timer.unref();
  return () => clearTimeout(timer);
}
