/** Transactions that behave as if they ran one after another, on either database. */
import { setTimeout } from "node:timers/promises";
import type { Telemetry } from "@amaas/telemetry";
import type { Kysely, Transaction } from "kysely";
import { TransactionConflict } from "./conflict.ts";

/** How long a transaction is tried again before its caller hears `aborted`. */
const retryMs = 10_000;

export type RunTransaction<S> = <T>(fn: (trx: Transaction<S>) => Promise<T>) => Promise<T>;

export function createTransactions<S>(db: Kysely<S>, { metrics }: Telemetry): RunTransaction<S> {
  const durations = metrics.histogram(
    "amaas_database_transaction_seconds",
    "Time a transaction took, retries included",
    { labels: ["outcome"] },
  );
  const conflicts = metrics.counter(
    "amaas_database_conflicts_total",
    "Transactions run again because they conflicted with another one",
  );
  const once = db.transaction().setIsolationLevel("serializable");

  return async (fn) => {
    const start = performance.now();
    let outcome = "failed";
    try {
      const result = await retrying(
        () => once.execute(fn),
        () => conflicts.add(),
      );
      outcome = "committed";
      return result;
    } finally {
      durations.observe((performance.now() - start) / 1000, { outcome });
    }
  };
}

async function retrying<T>(attempt: () => Promise<T>, onConflict: () => void): Promise<T> {
  const limit = Date.now() + retryMs;
  for (let spread = 5; ; spread = Math.min(200, spread * 2)) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof TransactionConflict) || Date.now() > limit) throw error;
      onConflict();
    }
    await setTimeout(Math.random() * spread);
  }
}
