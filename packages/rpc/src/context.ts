/** What a handler knows of its call besides the request. */
export interface Context {
  /** Aborted when the caller leaves, the deadline passes or the server stops. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly deadline: number | undefined;
  metadata(name: string): string | undefined;
  readonly peer: string;
  /** The server's span of this call: what is caused by the call descends from it. */
  readonly traceparent: string;
}
