/**
 * A service's database: Kysely over SQLite or PostgreSQL, told apart by the URL alone.
 *
 * Errors come as `DomainError`: `unavailable` while the database cannot be had (nothing has to be
 * restarted when it can), `already-exists` for a unique value that is taken, `failed-precondition`
 * for other constraints, `data-loss` for a damaged file.
 */
import { setTimeout } from "node:timers/promises";
import { DomainError, isDomainError } from "@amaas/errors";
import type { Telemetry } from "@amaas/telemetry";
import { type Dialect, Kysely, type Transaction } from "kysely";
import { type DatabaseKind, type Migration, migrate } from "./migrate.ts";
import { createTransactions } from "./transactions.ts";

export interface Database<S> {
  /** For queries that stand alone. Inside a transaction use what `transaction` hands out. */
  readonly db: Kysely<S>;
  readonly kind: DatabaseKind;

  /**
   * Runs `fn` as if no other transaction ran meanwhile; what it throws undoes everything. On
   * PostgreSQL `fn` is run again where two transactions could not both be done, so it should do
   * nothing that cannot be repeated, and after a statement that failed there is no going on.
   * `unavailable` from a lost connection leaves open whether the commit was made.
   */
  transaction<T>(fn: (trx: Transaction<S>) => Promise<T>): Promise<T>;

  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** `sqlite:<path>`, `sqlite::memory:` or `postgres://user@host/database`. */
  readonly url: string;
  readonly migrations: readonly Migration[];
  readonly telemetry: Telemetry;
  /** How long to wait at the start for a database that is not there yet. Default 30 s. */
  readonly patienceMs?: number;
}

export async function openDatabase<S>(options: DatabaseOptions): Promise<Database<S>> {
  const { url, migrations, telemetry, patienceMs = 30_000 } = options;
  const { kind, dialect } = await dialectOf(url, telemetry);
  // Both stand on the one driver that the dialect has.
  const db = new Kysely<S>({ dialect });
  const untyped = new Kysely<unknown>({ dialect });
  try {
    await patiently(patienceMs, telemetry, () => migrate(untyped, kind, migrations, telemetry.log));
  } catch (error) {
    await untyped.destroy();
    throw error;
  }
  return {
    db,
    kind,
    transaction: createTransactions(db, telemetry),
    // Of the two, this one has been used for certain, and destroying the other does nothing.
    close: () => untyped.destroy(),
  };
}

async function dialectOf(
  url: string,
  { log }: Telemetry,
): Promise<{ kind: DatabaseKind; dialect: Dialect }> {
  // Only the one that is wanted is loaded.
  if (url.startsWith("sqlite:") && url.length > "sqlite:".length) {
    const { sqliteDialect } = await import("./sqlite.ts");
    return { kind: "sqlite", dialect: sqliteDialect(url.slice("sqlite:".length)) };
  }
  if (isPostgresUrl(url)) {
    const { postgresDialect } = await import("./postgres.ts");
    return { kind: "postgres", dialect: postgresDialect(url, log) };
  }
  // Without the text itself: it may hold a password.
  throw new DomainError(
    "invalid-argument",
    "database URL: wanted sqlite:<path>, sqlite::memory: or postgres://user@host/database",
  );
}

/** The host is in its place, or a socket's folder is given as `?host=`. */
function isPostgresUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url?.protocol !== "postgres:" && url?.protocol !== "postgresql:") return false;
  return url.hostname !== "" || url.searchParams.has("host");
}

async function patiently(
  patienceMs: number,
  { log }: Telemetry,
  work: () => Promise<void>,
): Promise<void> {
  const limit = Date.now() + patienceMs;
  for (let pause = 100; ; pause = Math.min(2000, pause * 2)) {
    try {
      await work();
      return;
    } catch (error) {
      if (!isDomainError(error) || error.code !== "unavailable") throw error;
      if (Date.now() + pause > limit) throw error;
      log.warn("waiting for the database", { error });
    }
    await setTimeout(pause);
  }
}
