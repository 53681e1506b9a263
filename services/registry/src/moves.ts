/** The moves of aliases, read from their tables. */
import type { Kysely } from "kysely";
import type { MoveRow, Tables } from "./tables.ts";

/** The newest move of every alias, which is where the alias stands. */
export function newestMoves(db: Kysely<Tables>) {
  return db
    .selectFrom("registry_aliases as head")
    .innerJoin("registry_alias_moves as move", (join) =>
      join
        .onRef("move.model", "=", "head.model")
        .onRef("move.alias", "=", "head.alias")
        .onRef("move.revision", "=", "head.revision"),
    )
    .selectAll("move")
    .orderBy("move.model")
    .orderBy("move.alias");
}

/** The same with the version that the alias points to. */
export function standing(db: Kysely<Tables>) {
  return newestMoves(db)
    .innerJoin("registry_versions as version", (join) =>
      join.onRef("version.model", "=", "move.model").onRef("version.version", "=", "move.version"),
    )
    .clearSelect()
    .selectAll("version")
    .select(["move.alias", "move.revision", "move.moved_at", "move.reason"])
    .select("move.traceparent as move_traceparent");
}

export interface AliasName {
  readonly model: string;
  readonly alias: string;
}

export function newestMove(
  db: Kysely<Tables>,
  { model, alias }: AliasName,
): Promise<MoveRow | undefined> {
  return newestMoves(db)
    .where("move.model", "=", model)
    .where("move.alias", "=", alias)
    .executeTakeFirst();
}

export function moveOf(
  db: Kysely<Tables>,
  { model, alias }: AliasName,
  revision: number,
): Promise<MoveRow> {
  return db
    .selectFrom("registry_alias_moves")
    .selectAll()
    .where("model", "=", model)
    .where("alias", "=", alias)
    .where("revision", "=", revision)
    .executeTakeFirstOrThrow();
}

/** All moves of a model's aliases, newest first. */
export function movesOf(db: Kysely<Tables>, model: string, limit: number): Promise<MoveRow[]> {
  return db
    .selectFrom("registry_alias_moves")
    .selectAll()
    .where("model", "=", model)
    .orderBy("moved_at", "desc")
    .orderBy("revision", "desc")
    .limit(limit)
    .execute();
}
