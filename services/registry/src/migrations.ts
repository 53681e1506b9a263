/** How the registry's tables came to be, oldest step first. A step that has run is never edited. */
import { type Migration, outboxMigration } from "@amaas/database";
import { sql } from "kysely";
import { prefix } from "./tables.ts";

const models: Migration = {
  name: "registry_001_models",
  async up(db, kind) {
    // PostgreSQL would sort names by the rules of a language; paging wants one order everywhere.
    const name = kind === "postgres" ? sql`text collate "C"` : sql`text`;

    await db.schema
      .createTable("registry_models")
      .addColumn("name", name, (column) => column.primaryKey())
      .addColumn("created_at", "integer", (column) => column.notNull())
      .addColumn("latest_version", "integer", (column) => column.notNull())
      .execute();

    await db.schema
      .createTable("registry_versions")
      .addColumn("model", name, (column) => column.notNull().references("registry_models.name"))
      .addColumn("version", "integer", (column) => column.notNull())
      .addColumn("idempotency_key", "text", (column) => column.unique())
      .addColumn("digest", "text", (column) => column.notNull())
      .addColumn("bytes", "integer", (column) => column.notNull())
      .addColumn("weights_sha256", "text", (column) => column.notNull())
      .addColumn("inputs", "text", (column) => column.notNull())
      .addColumn("outputs", "text", (column) => column.notNull())
      .addColumn("classes", "text", (column) => column.notNull())
      .addColumn("metrics", "text", (column) => column.notNull())
      .addColumn("lineage", "text", (column) => column.notNull())
      .addColumn("created_at", "integer", (column) => column.notNull())
      .addColumn("traceparent", "text", (column) => column.notNull())
      .addPrimaryKeyConstraint("registry_versions_pk", ["model", "version"])
      .execute();

    await db.schema
      .createTable("registry_aliases")
      .addColumn("model", name, (column) => column.notNull().references("registry_models.name"))
      .addColumn("alias", name, (column) => column.notNull())
      .addColumn("revision", "integer", (column) => column.notNull())
      .addPrimaryKeyConstraint("registry_aliases_pk", ["model", "alias"])
      .execute();

    await db.schema
      .createTable("registry_alias_moves")
      .addColumn("model", name, (column) => column.notNull())
      .addColumn("alias", name, (column) => column.notNull())
      .addColumn("revision", "integer", (column) => column.notNull())
      .addColumn("version", "integer", (column) => column.notNull())
      .addColumn("below", "integer")
      .addColumn("moved_at", "integer", (column) => column.notNull())
      .addColumn("reason", "text", (column) => column.notNull())
      .addColumn("traceparent", "text", (column) => column.notNull())
      .addPrimaryKeyConstraint("registry_alias_moves_pk", ["model", "alias", "revision"])
      .addForeignKeyConstraint(
        "registry_alias_moves_alias",
        ["model", "alias"],
        "registry_aliases",
        ["model", "alias"],
      )
      .addForeignKeyConstraint(
        "registry_alias_moves_version",
        ["model", "version"],
        "registry_versions",
        ["model", "version"],
      )
      .execute();
  },
};

const evaluations: Migration = {
  name: "registry_002_evaluations",
  async up(db) {
    await db.schema
      .alterTable("registry_versions")
      .addColumn("evaluation", "text", (column) => column.notNull().defaultTo(""))
      .execute();
    await db.schema
      .alterTable("registry_versions")
      .addColumn("intervals", "text", (column) => column.notNull().defaultTo("[]"))
      .execute();
  },
};

export const migrations: readonly Migration[] = [models, outboxMigration(prefix), evaluations];
