/**
 * Versions: numbered 1, 2, 3 without gaps, and never changed once made.
 *
 * The number is drawn from the model's row in the transaction that writes the version, so a writer
 * that fails gives its number back. A repeat with the same idempotency key answers with what the
 * first one made, whoever wins the race.
 */
import { appendEvent, type Database, type Transaction } from "@amaas/database";
import type { Version } from "@amaas/proto/amaas/registry/v1/registry";
import { keyTaken, versionNotFound } from "./errors.ts";
import { requireModel } from "./models.ts";
import { versionOf, versionRow } from "./rows.ts";
import { prefix, type Tables } from "./tables.ts";

/** The most versions that are listed; an older one is had by its number. */
const listed = 100;

export interface Made {
  readonly version: Version;
  /** An earlier call had made it. */
  readonly repeated: boolean;
}

export class Versions {
  readonly #database: Database<Tables>;

  constructor(database: Database<Tables>) {
    this.#database = database;
  }

  /** `submitted` has been checked; its number and time are filled in here. */
  async create(submitted: Version, idempotencyKey: string): Promise<Made> {
    for (;;) {
      const earlier = await this.#madeWith(idempotencyKey);
      if (earlier)
        return { version: sameRequest(earlier, submitted, idempotencyKey), repeated: true };
      try {
        const version = await this.#database.transaction((trx) =>
          append(trx, submitted, idempotencyKey),
        );
        return { version, repeated: false };
      } catch (error) {
        if (!(error instanceof KeyTakenMeanwhile)) throw error;
      }
    }
  }

  async get(model: string, version: number): Promise<Version> {
    const row = await this.#database.db
      .selectFrom("registry_versions")
      .selectAll()
      .where("model", "=", model)
      .where("version", "=", version)
      .executeTakeFirst();
    if (row) return versionOf(row);
    await requireModel(this.#database.db, model);
    throw versionNotFound(model, version);
  }

  /** Newest first. */
  async of(model: string): Promise<Version[]> {
    const rows = await this.#database.db
      .selectFrom("registry_versions")
      .selectAll()
      .where("model", "=", model)
      .orderBy("version", "desc")
      .limit(listed)
      .execute();
    return rows.map(versionOf);
  }

  async #madeWith(idempotencyKey: string): Promise<Version | undefined> {
    if (idempotencyKey === "") return undefined;
    const row = await this.#database.db
      .selectFrom("registry_versions")
      .selectAll()
      .where("idempotency_key", "=", idempotencyKey)
      .executeTakeFirst();
    return row && versionOf(row);
  }
}

/** Undoes the transaction of the slower of two calls with one key. */
class KeyTakenMeanwhile extends Error {}

async function append(trx: Transaction<Tables>, submitted: Version, key: string): Promise<Version> {
  const now = Date.now();
  await trx
    .insertInto("registry_models")
    .values({ name: submitted.model, created_at: now, latest_version: 0 })
    .onConflict((conflict) => conflict.column("name").doNothing())
    .execute();
  const { latest_version } = await trx
    .updateTable("registry_models")
    .set((row) => ({ latest_version: row("latest_version", "+", 1) }))
    .where("name", "=", submitted.model)
    .returning("latest_version")
    .executeTakeFirstOrThrow();

  const version = { ...submitted, version: latest_version, createdAt: new Date(now) };
  const inserted = await trx
    .insertInto("registry_versions")
    .values(versionRow(version, key))
    .onConflict((conflict) => conflict.column("idempotency_key").doNothing())
    .returning("version")
    .executeTakeFirst();
  if (!inserted) throw new KeyTakenMeanwhile();

  await appendEvent(trx, prefix, {
    subject: "amaas.registry.version.created",
    data: { model: version.model, version: version.version, digest: version.digest },
    traceparent: version.traceparent,
  });
  return version;
}

function sameRequest(made: Version, submitted: Version, key: string): Version {
  if (made.model === submitted.model && made.digest === submitted.digest) return made;
  throw keyTaken(key, made.model, made.version);
}

/** NOT_FOUND where the model has no such version. */
export async function requireVersion(
  trx: Transaction<Tables>,
  model: string,
  version: number,
): Promise<void> {
  const row = await trx
    .selectFrom("registry_versions")
    .select("version")
    .where("model", "=", model)
    .where("version", "=", version)
    .executeTakeFirst();
  if (!row) throw versionNotFound(model, version);
}
