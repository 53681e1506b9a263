/**
 * When a process has to stop: a signal, or a supervisor that has gone.
 *
 * The first wish resolves `requested`; the same signal again means "now", and exits with 1.
 * Below a supervisor Ctrl-C reaches the whole process group, so SIGINT is left to the
 * supervisor, which stops its children in its own order.
 */

export interface Stop {
  /** Resolves with the reason. */
  readonly requested: Promise<string>;
  readonly isRequested: () => boolean;
}

export function watchForStop(): Stop {
  const { promise, resolve } = Promise.withResolvers<string>();
  const seen = new Set<string>();
  const request = (reason: string) => {
    seen.add(reason);
    resolve(reason);
  };
  const onSignal = (signal: NodeJS.Signals) => {
    if (seen.has(signal)) process.exit(1);
    request(signal);
  };
  process.on("SIGTERM", onSignal);
  const supervised = process.send !== undefined;
  process.on("SIGINT", (signal) => {
    if (!supervised) onSignal(signal);
  });
  if (supervised) process.once("disconnect", () => request("the supervisor has gone"));
  return { requested: promise, isRequested: () => seen.size > 0 };
}

/** Ends the process with 1 when stopping takes longer than `ms`; does not keep it alive. */
export function startWatchdog(ms: number, onTimeout: () => void): void {
  setTimeout(() => {
    onTimeout();
    process.exit(1);
  }, ms).unref();
}
