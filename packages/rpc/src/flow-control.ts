/**
 * How much a peer may send before it has to wait for us. HTTP/2's 64 KiB would stop an upload
 * for a round trip and a turn of both event loops each.
 */

/** For each stream, and four times that for a connection's streams together. */
export const streamWindow = 1024 * 1024;
