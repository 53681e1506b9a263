/**
 * How long an interruption is borne. A service that restarts is unavailable for a moment; whoever
 * reads a stream from it asks here after each failure: the answer is a pause, or the failure itself
 * when it is of another kind or has gone on for too long.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { isDomainError } from "@amaas/errors";

export interface Patience {
  /** Waits before the next try, or throws `error`. */
  bear(error: unknown): Promise<void>;
  /** Something worked: the time starts anew. */
  renew(): void;
}

const shortestPauseMs = 100;
const longestPauseMs = 500;

export function patience(options: { forMs: number; signal?: AbortSignal | undefined }): Patience {
  const { forMs, signal } = options;
  let since: number | undefined;
  let pauseMs = shortestPauseMs;
  return {
    async bear(error) {
      since ??= Date.now();
      if (!isDomainError(error, "unavailable") || signal?.aborted || Date.now() - since > forMs)
        throw error;
      await sleep(pauseMs * (0.5 + Math.random() / 2), undefined, signal ? { signal } : {});
      pauseMs = Math.min(longestPauseMs, pauseMs * 2);
    },
    renew() {
      since = undefined;
      pauseMs = shortestPauseMs;
    },
  };
}
