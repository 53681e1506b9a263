/**
 * Jobs, their curves and job logs in the database.
 *
 * What a method has answered is committed. A job's change, its pieces of curves and the
 * event that tells of it are one transaction.
 */
import { appendEvent, type Database, type Transaction } from "@amaas/database";
import { bytesOfFigures, figuresFromBytes } from "./curve.ts";
import { Curves, lossCurve, type Piece } from "./curves.ts";
import { changedElsewhere } from "./errors.ts";
import { type Job, type State, states } from "./job.ts";
import { bodyOf, jobOf, preparedOf } from "./rows.ts";
import { type LogRow, prefix, type Tables } from "./tables.ts";

export interface Change {
  readonly before: Job;
  readonly after: Job;
  /** What the stored curves do not have yet. */
  readonly pieces?: readonly Piece[];
}

const activeStates: readonly State[] = states.filter(
  (state) => state !== "SUCCEEDED" && state !== "FAILED" && state !== "CANCELLED",
);

export class Store {
  readonly #database: Database<Tables>;

  constructor(database: Database<Tables>) {
    this.#database = database;
  }

  /** The job as it is kept: where the key was used before, the job of then. */
  insert(job: Job, idempotencyKey: string): Promise<Job> {
    return this.#database.transaction(async (trx) => {
      const inserted = await trx
        .insertInto("scheduler_jobs")
        .values({
          id: job.id,
          idempotency_key: idempotencyKey === "" ? null : idempotencyKey,
          state: job.state,
          revision: job.revision,
          body: bodyOf(job),
          prepared: preparedOf(job),
        })
        .onConflict((conflict) => conflict.column("idempotency_key").doNothing())
        .executeTakeFirst();
      if (inserted.numInsertedOrUpdatedRows === 1n) {
        await announce(trx, job);
        return job;
      }
      const row = await trx
        .selectFrom("scheduler_jobs")
        .select(["body", "prepared"])
        .where("idempotency_key", "=", idempotencyKey)
        .executeTakeFirstOrThrow();
      return jobOf(row);
    });
  }

  update(changes: readonly Change[]): Promise<void> {
    return this.#database.transaction(async (trx) => {
      for (const { before, after, pieces = [] } of changes) {
        const { numUpdatedRows } = await trx
          .updateTable("scheduler_jobs")
          .set({
            state: after.state,
            revision: after.revision,
            body: bodyOf(after),
            ...(samePreparation(before, after) ? {} : { prepared: preparedOf(after) }),
          })
          .where("id", "=", after.id)
          .where("revision", "=", before.revision)
          .executeTakeFirst();
        if (numUpdatedRows !== 1n) throw changedElsewhere(after.id);
        for (const piece of pieces) await insertPiece(trx, after.id, piece);
        const told = before.state === after.state && before.generation === after.generation;
        if (!told) await announce(trx, after);
      }
    });
  }

  /** Jobs that have not ended, in the order they came. */
  async active(): Promise<Job[]> {
    const rows = await this.#database.db
      .selectFrom("scheduler_jobs")
      .select(["body", "prepared"])
      .where("state", "in", activeStates)
      .orderBy("id")
      .execute();
    return rows.map(jobOf);
  }

  async get(id: string): Promise<Job | undefined> {
    const row = await this.#database.db
      .selectFrom("scheduler_jobs")
      .select(["body", "prepared"])
      .where("id", "=", id)
      .executeTakeFirst();
    return row && jobOf(row);
  }

  /** Newest first. */
  async list({ limit, before }: { limit: number; before: string }): Promise<Job[]> {
    let query = this.#database.db.selectFrom("scheduler_jobs").select(["body", "prepared"]);
    if (before !== "") query = query.where("id", "<", before);
    const rows = await query.orderBy("id", "desc").limit(limit).execute();
    return rows.map(jobOf);
  }

  /** How many jobs are in each state. */
  async counts(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#database.db
      .selectFrom("scheduler_jobs")
      .select((select) => ["state", select.fn.countAll().as("count")])
      .groupBy("state")
      .execute();
    return new Map(rows.map(({ state, count }) => [state, Number(count)]));
  }

  async curves(job: string): Promise<Curves> {
    const losses = await this.#database.db
      .selectFrom("scheduler_losses")
      .select(["first_step", "losses as figures"])
      .where("job", "=", job)
      .orderBy("first_step")
      .execute();
    const series = await this.#database.db
      .selectFrom("scheduler_series")
      .select(["name", "first_step", "figures"])
      .where("job", "=", job)
      .orderBy("first_step")
      .execute();
    const curves = new Curves();
    for (const row of [...losses.map((row) => ({ ...row, name: lossCurve })), ...series]) {
      const values = figuresFromBytes(Buffer.from(row.figures, "base64"));
      curves.merge({ name: row.name, first: row.first_step, values });
    }
    return curves;
  }

  async appendLog(lines: readonly LogRow[]): Promise<void> {
    // A statement has a limited number of parameters.
    for (let i = 0; i < lines.length; i += 100)
      await this.#database.db
        .insertInto("scheduler_job_log")
        .values(lines.slice(i, i + 100))
        .onConflict((conflict) => conflict.columns(["job", "line"]).doNothing())
        .execute();
  }

  /** Lines from number `from` on, oldest first. */
  readLog(job: string, from: number, limit: number): Promise<LogRow[]> {
    return this.#database.db
      .selectFrom("scheduler_job_log")
      .selectAll()
      .where("job", "=", job)
      .where("line", ">=", from)
      .orderBy("line")
      .limit(limit)
      .execute();
  }

  async logLength(job: string): Promise<number> {
    const row = await this.#database.db
      .selectFrom("scheduler_job_log")
      .select((select) => select.fn.max("line").as("last"))
      .where("job", "=", job)
      .executeTakeFirst();
    return row?.last === null || row?.last === undefined ? 0 : Number(row.last) + 1;
  }
}

function announce(trx: Transaction<Tables>, job: Job): Promise<void> {
  const { id, state, reason, revision } = job;
  return appendEvent(trx, prefix, {
    subject: "amaas.scheduler.job.changed",
    id: `${id}/${revision}`,
    data: { job: id, state: `JOB_STATE_${state}`, reason },
    traceparent: "phase" in job ? job.phase.traceparent : job.root,
  });
}

async function insertPiece(
  trx: Transaction<Tables>,
  job: string,
  { name, first, values }: Piece,
): Promise<void> {
  const figures = Buffer.from(bytesOfFigures(values)).toString("base64");
  const at = { job, first_step: first };
  if (name === lossCurve)
    await trx
      .insertInto("scheduler_losses")
      .values({ ...at, losses: figures })
      .execute();
  else
    await trx
      .insertInto("scheduler_series")
      .values({ ...at, name, figures })
      .execute();
}

function samePreparation(before: Job, after: Job): boolean {
  const of = (job: Job) => ("prepared" in job ? job.prepared : undefined);
  return of(before) === of(after);
}
