/** The tables that the tests of the database share. */
import {
  type Database,
  type Generated,
  type Migration,
  openDatabase,
  outboxMigration,
} from "@amaas/database";
import { nullTelemetry } from "@amaas/telemetry";

export interface Tables {
  test_alias: { name: string; version: number; revision: number };
  test_move: {
    id: Generated<number>;
    alias: string;
    at: number;
    loss: number | null;
    note: string | null;
  };
}

export const migrations: readonly Migration[] = [
  {
    name: "test_001_aliases",
    async up(db) {
      await db.schema
        .createTable("test_alias")
        .addColumn("name", "text", (column) => column.primaryKey())
        .addColumn("version", "integer", (column) => column.notNull())
        .addColumn("revision", "integer", (column) => column.notNull())
        .execute();
      await db.schema
        .createTable("test_move")
        .addColumn("id", "integer", (column) => column.primaryKey().autoIncrement())
        .addColumn("alias", "text", (column) => column.notNull().references("test_alias.name"))
        .addColumn("at", "integer", (column) => column.notNull())
        .addColumn("loss", "real")
        .addColumn("note", "text")
        .execute();
    },
  },
  outboxMigration("test"),
];

export function openTables(url: string, patienceMs = 5000): Promise<Database<Tables>> {
  return openDatabase<Tables>({ url, migrations, telemetry: nullTelemetry(), patienceMs });
}

export async function addAlias({ db }: Database<Tables>, name: string): Promise<void> {
  await db.insertInto("test_alias").values({ name, version: 0, revision: 0 }).execute();
}

export async function versionOf({ db }: Database<Tables>, name: string): Promise<number> {
  const row = db.selectFrom("test_alias").select("version").where("name", "=", name);
  return (await row.executeTakeFirstOrThrow()).version;
}

/** Reads, then writes what follows from it: wrong unless transactions keep out of each other. */
export function increment(database: Database<Tables>, name: string): Promise<number> {
  return database.transaction(async (trx) => {
    const row = trx.selectFrom("test_alias").select("version").where("name", "=", name);
    const version = (await row.executeTakeFirstOrThrow()).version + 1;
    await trx.updateTable("test_alias").set({ version }).where("name", "=", name).execute();
    return version;
  });
}
