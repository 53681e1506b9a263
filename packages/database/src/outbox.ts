/**
 * The outbox: events written in the same transaction as the change they tell of.
 *
 * What is in the table will be published, and what was undone never was in the table. Rows leave
 * it only after they were published, so an event may come twice, and never not at all.
 */
import { DomainError } from "@amaas/errors";
import { type Event, encodeEvent, type Subject, type WireEvent } from "@amaas/events";
import { type Kysely, type RawBuilder, sql, type Transaction } from "kysely";
import { ulid } from "ulid";
import type { Migration } from "./migrate.ts";

/** An event to be published; it gets an id if it has none. */
export type OutboxEvent<S extends Subject> = Omit<Event<S>, "id"> & { readonly id?: string };

/** A row as it waits. */
export interface OutboxRow {
  readonly position: number;
  readonly event: WireEvent;
}

/** Makes the outbox of the service whose tables begin with `prefix`. */
export function outboxMigration(prefix: string): Migration {
  return {
    name: `${tableName(prefix)}_001`,
    async up(db) {
      await db.schema
        .createTable(tableName(prefix))
        .addColumn("position", "integer", (column) => column.primaryKey().autoIncrement())
        .addColumn("id", "text", (column) => column.notNull())
        .addColumn("subject", "text", (column) => column.notNull())
        .addColumn("payload", "text", (column) => column.notNull())
        .addColumn("traceparent", "text")
        .addColumn("created_at", "integer", (column) => column.notNull())
        .execute();
    },
  };
}

/** Adds an event to the caller's transaction. `invalid-argument` where it could not travel. */
export async function appendEvent<Tables, S extends Subject>(
  trx: Transaction<Tables>,
  prefix: string,
  event: OutboxEvent<S>,
): Promise<void> {
  const { id, subject, data, traceparent } = encodeEvent({ ...event, id: event.id ?? ulid() });
  const payload = Buffer.from(data).toString("base64");
  await sql`
    insert into ${table(prefix)} (id, subject, payload, traceparent, created_at)
    values (${id}, ${subject}, ${payload}, ${traceparent ?? null}, ${Date.now()})
  `.execute(trx);
}

/** The oldest rows, in order. */
export async function readOutbox<Tables>(
  db: Kysely<Tables>,
  prefix: string,
  limit: number,
): Promise<readonly OutboxRow[]> {
  const { rows } = await sql<StoredRow>`
    select position, id, subject, payload, traceparent
    from ${table(prefix)} order by position limit ${limit}
  `.execute(db);
  return rows.map(({ position, id, subject, payload, traceparent }) => ({
    position,
    event: {
      id,
      subject,
      data: Buffer.from(payload, "base64"),
      traceparent: traceparent ?? undefined,
    },
  }));
}

/** Exactly these: on PostgreSQL a lower position may be committed after a higher one. */
export async function deleteFromOutbox<Tables>(
  db: Kysely<Tables>,
  prefix: string,
  positions: readonly number[],
): Promise<void> {
  if (positions.length === 0) return;
  await sql`delete from ${table(prefix)} where position in (${sql.join(positions)})`.execute(db);
}

interface StoredRow {
  readonly position: number;
  readonly id: string;
  readonly subject: string;
  readonly payload: string;
  readonly traceparent: string | null;
}

function table(prefix: string): RawBuilder<unknown> {
  return sql.table(tableName(prefix));
}

/** `registry` and `registry_` are the same prefix. */
function tableName(prefix: string): string {
  const name = prefix.replace(/_$/, "");
  if (/^[a-z][a-z0-9_]{0,40}$/.test(name)) return `${name}_outbox`;
  throw new DomainError(
    "invalid-argument",
    `outbox prefix ${JSON.stringify(prefix)}; wanted lower-case letters, digits and _`,
  );
}
