/**
 * Aliases: names that move from version to version, and the history of their moves.
 *
 * A move is decided and made in one transaction. A caller who states the revision that it saw is
 * refused when the alias has moved since; a repeat of the newest move is not a move.
 *
 * Rolling back walks down a stack. A move forward puts its version on top of the one that was
 * live; a rollback takes the top off. So two rollbacks in a row go two versions back, a move
 * after a rollback builds on what was live then, and at the bottom a rollback is refused. The
 * stack is kept as `below` in the moves themselves, and a rollback is a move like any other: it has
 * a revision of its own and the history keeps what it undid.
 */
import { appendEvent, type Database, type Transaction } from "@amaas/database";
import type { Alias, Version } from "@amaas/proto/amaas/registry/v1/registry";
import { aliasNotFound, nothingBefore, staleRevision } from "./errors.ts";
import { requireModel } from "./models.ts";
import { type AliasName, moveOf, movesOf, newestMove, standing } from "./moves.ts";
import { aliasOf, versionOf } from "./rows.ts";
import { type MoveRow, prefix, type Tables } from "./tables.ts";
import { requireVersion } from "./versions.ts";

/** The most moves that are listed. */
const listed = 1000;

export interface MoveRequest extends AliasName {
  readonly version: number;
  /** 0: the alias should not exist yet; undefined: any. */
  readonly expectedRevision: number | undefined;
  readonly reason: string;
}

export interface RollbackRequest extends AliasName {
  readonly reason: string;
}

export interface Moved {
  readonly alias: Alias;
  /** False where the alias stood there already. */
  readonly moved: boolean;
}

export interface Standing {
  readonly alias: Alias;
  readonly version: Version;
}

/** What is to become of an alias: nothing, or a version on top of what a rollback goes back to. */
type Decision =
  | { readonly stay: MoveRow }
  | { readonly step: Pick<MoveRow, "version" | "below" | "reason"> };

export class Aliases {
  readonly #database: Database<Tables>;

  constructor(database: Database<Tables>) {
    this.#database = database;
  }

  move(request: MoveRequest, traceparent: string): Promise<Moved> {
    return this.#change(request, traceparent, async (trx, current) => {
      await requireVersion(trx, request.model, request.version);
      refuseStale(request, current);
      if (current?.version === request.version) return { stay: current };
      const { version, reason } = request;
      return { step: { version, reason, below: current?.revision ?? null } };
    });
  }

  rollback({ model, alias, reason }: RollbackRequest, traceparent: string): Promise<Moved> {
    return this.#change({ model, alias }, traceparent, async (trx, current) => {
      if (!current) throw aliasNotFound(model, alias);
      if (current.below === null) throw nothingBefore(model, alias, current.version);
      const { version, below } = await moveOf(trx, { model, alias }, current.below);
      const why = reason || `rolled back from version ${current.version}`;
      return { step: { version, below, reason: why } };
    });
  }

  /** The version that an alias points to. */
  async resolve({ model, alias }: AliasName): Promise<Version> {
    const row = await standing(this.#database.db)
      .where("move.model", "=", model)
      .where("move.alias", "=", alias)
      .executeTakeFirst();
    if (row) return versionOf(row);
    await requireModel(this.#database.db, model);
    throw aliasNotFound(model, alias);
  }

  /** Every alias of this name, or every alias where it is empty, with the version it points to. */
  async list(alias: string): Promise<Standing[]> {
    const all = standing(this.#database.db);
    const rows = await (alias === "" ? all : all.where("move.alias", "=", alias)).execute();
    return rows.map((row) => ({
      alias: aliasOf({ ...row, traceparent: row.move_traceparent }),
      version: versionOf(row),
    }));
  }

  /** Newest first. */
  async historyOf(model: string): Promise<Alias[]> {
    return (await movesOf(this.#database.db, model, listed)).map(aliasOf);
  }

  #change(
    name: AliasName,
    traceparent: string,
    decide: (trx: Transaction<Tables>, current: MoveRow | undefined) => Promise<Decision>,
  ): Promise<Moved> {
    return this.#database.transaction(async (trx) => {
      await requireModel(trx, name.model);
      const current = await newestMove(trx, name);
      const decision = await decide(trx, current);
      if ("stay" in decision) return { alias: aliasOf(decision.stay), moved: false };
      const move: MoveRow = {
        model: name.model,
        alias: name.alias,
        revision: (current?.revision ?? 0) + 1,
        moved_at: Math.max(Date.now(), current?.moved_at ?? 0),
        traceparent,
        ...decision.step,
      };
      await append(trx, move);
      return { alias: aliasOf(move), moved: true };
    });
  }
}

async function append(trx: Transaction<Tables>, move: MoveRow): Promise<void> {
  const { model, alias, version, revision, traceparent } = move;
  // The alias first: its row is what movers at the same time meet at.
  await trx
    .insertInto("registry_aliases")
    .values({ model, alias, revision })
    .onConflict((conflict) => conflict.columns(["model", "alias"]).doUpdateSet({ revision }))
    .execute();
  await trx.insertInto("registry_alias_moves").values(move).execute();
  await appendEvent(trx, prefix, {
    subject: "amaas.registry.alias.moved",
    data: { model, alias, version, revision },
    traceparent,
  });
}

/**
 * A stale caller decided on something that is no longer so. A caller whose own move is the newest
 * is not stale: its answer was lost and it asks again.
 */
function refuseStale({ expectedRevision, ...request }: MoveRequest, current?: MoveRow): void {
  const { revision, version } = current ?? { revision: 0, version: 0 };
  if (expectedRevision === undefined || expectedRevision === revision) return;
  const repeats = expectedRevision + 1 === revision && request.version === version;
  if (!repeats) throw staleRevision(request, expectedRevision, { revision, version });
}
