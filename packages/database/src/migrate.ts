/**
 * Bringing a database's tables to what the program wants.
 *
 * All missing migrations and the record of them are one transaction, and processes that start
 * together take turns: either all of it is there, or what was there before. Services may share a
 * database; each knows only its own migrations and leaves the others' alone.
 */
import type { Logger } from "@amaas/telemetry";
import { type Kysely, sql, type Transaction } from "kysely";

export type DatabaseKind = "sqlite" | "postgres";

export interface Migration {
  /** Begins with the service's prefix; never changes once released. */
  readonly name: string;
  up(db: Kysely<unknown>, kind: DatabaseKind): Promise<void>;
}

/** Any number that nobody else locks. */
const lockKey = 7_101_882_643;

const table = sql.table("amaas_migrations");

export async function migrate(
  db: Kysely<unknown>,
  kind: DatabaseKind,
  migrations: readonly Migration[],
  log: Logger,
): Promise<void> {
  requireDistinctNames(migrations);
  // Not serialisable: what the lock protects must be read as it is after waiting for the lock.
  await db
    .transaction()
    .setIsolationLevel("read committed")
    .execute(async (trx) => {
      if (kind === "postgres") await sql`select pg_advisory_xact_lock(${lockKey})`.execute(trx);
      const applied = await appliedNames(trx);
      for (const migration of migrations.filter(({ name }) => !applied.has(name))) {
        await migration.up(trx, kind);
        const now = Date.now();
        await sql`insert into ${table} (name, applied_at) values (${migration.name}, ${now})`.execute(
          trx,
        );
        log.info("migrated the database", { migration: migration.name });
      }
    });
}

async function appliedNames(trx: Transaction<unknown>): Promise<ReadonlySet<string>> {
  await trx.schema
    .createTable("amaas_migrations")
    .ifNotExists()
    .addColumn("name", "text", (column) => column.primaryKey())
    .addColumn("applied_at", "integer", (column) => column.notNull())
    .execute();
  const { rows } = await sql<{ name: string }>`select name from ${table}`.execute(trx);
  return new Set(rows.map(({ name }) => name));
}

function requireDistinctNames(migrations: readonly Migration[]): void {
  const names = migrations.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new Error(`two migrations are called ${twice}`);
}
