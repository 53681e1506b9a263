/** Models: a name, the counter of its versions, and what its aliases point to. */
import type { Database } from "@amaas/database";
import type { Model } from "@amaas/proto/amaas/registry/v1/registry";
import type { Kysely } from "kysely";
import { modelNotFound } from "./errors.ts";
import { newestMoves } from "./moves.ts";
import { modelOf } from "./rows.ts";
import type { ModelRow, Tables } from "./tables.ts";

export class Models {
  readonly #database: Database<Tables>;

  constructor(database: Database<Tables>) {
    this.#database = database;
  }

  async get(name: string): Promise<Model> {
    const { db } = this.#database;
    const row = await requireModel(db, name);
    return modelOf(row, await newestMoves(db).where("move.model", "=", name).execute());
  }

  /** Models by name, those after `after`. */
  async list(after: string, limit: number): Promise<Model[]> {
    const { db } = this.#database;
    const rows = await db
      .selectFrom("registry_models")
      .selectAll()
      .where("name", ">", after)
      .orderBy("name")
      .limit(limit)
      .execute();
    if (rows.length === 0) return [];
    const names = rows.map(({ name }) => name);
    const moves = await newestMoves(db).where("move.model", "in", names).execute();
    const byModel = Map.groupBy(moves, ({ model }) => model);
    return rows.map((row) => modelOf(row, byModel.get(row.name) ?? []));
  }
}

/** The model's row, or NOT_FOUND naming it. */
export async function requireModel(db: Kysely<Tables>, name: string): Promise<ModelRow> {
  const row = await db
    .selectFrom("registry_models")
    .selectAll()
    .where("name", "=", name)
    .executeTakeFirst();
  if (!row) throw modelNotFound(name);
  return row;
}
