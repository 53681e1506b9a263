/** The scheduler's tables, and how they came to be. Nobody else reads or writes them. */
import { type Migration, outboxMigration } from "@amaas/database";

/** Of this service's tables, so that several services can share one database. */
export const prefix = "scheduler_";

export interface Tables {
  scheduler_jobs: JobRow;
  scheduler_losses: LossesRow;
  scheduler_series: SeriesRow;
  scheduler_job_log: LogRow;
}

export interface JobRow {
  /** job_<ulid>: sorts by the time of submission. */
  id: string;
  idempotency_key: string | null;
  state: string;
  /** Counts the writes; a write from a stale revision does not happen. */
  revision: number;
  /** JSON of the job, without what `prepared` holds. */
  body: string;
  prepared: string | null;
}

/** A piece of a job's loss curve; pieces follow each other without a gap. */
export interface LossesRow {
  job: string;
  first_step: number;
  /** Base64 of float64, little-endian. */
  losses: string;
}

/** A piece of another curve of a job, as that of its loss. */
export interface SeriesRow {
  job: string;
  name: string;
  first_step: number;
  /** Base64 of float64, little-endian. */
  figures: string;
}

export interface LogRow {
  job: string;
  /** 0, 1, 2 without gaps within a job. */
  line: number;
  time: number;
  severity: string;
  source: string;
  message: string;
}

export const migrations: readonly Migration[] = [
  {
    name: "scheduler_001_jobs",
    async up(db) {
      await db.schema
        .createTable("scheduler_jobs")
        .addColumn("id", "text", (column) => column.primaryKey())
        .addColumn("idempotency_key", "text", (column) => column.unique())
        .addColumn("state", "text", (column) => column.notNull())
        .addColumn("revision", "integer", (column) => column.notNull())
        .addColumn("body", "text", (column) => column.notNull())
        .addColumn("prepared", "text")
        .execute();
      await db.schema
        .createIndex("scheduler_jobs_state")
        .on("scheduler_jobs")
        .column("state")
        .execute();
      await db.schema
        .createTable("scheduler_losses")
        .addColumn("job", "text", (column) => column.notNull())
        .addColumn("first_step", "integer", (column) => column.notNull())
        .addColumn("losses", "text", (column) => column.notNull())
        .addPrimaryKeyConstraint("scheduler_losses_key", ["job", "first_step"])
        .execute();
      await db.schema
        .createTable("scheduler_job_log")
        .addColumn("job", "text", (column) => column.notNull())
        .addColumn("line", "integer", (column) => column.notNull())
        .addColumn("time", "integer", (column) => column.notNull())
        .addColumn("severity", "text", (column) => column.notNull())
        .addColumn("source", "text", (column) => column.notNull())
        .addColumn("message", "text", (column) => column.notNull())
        .addPrimaryKeyConstraint("scheduler_job_log_key", ["job", "line"])
        .execute();
    },
  },
  outboxMigration(prefix),
  {
    name: "scheduler_002_series",
    async up(db) {
      await db.schema
        .createTable("scheduler_series")
        .addColumn("job", "text", (column) => column.notNull())
        .addColumn("name", "text", (column) => column.notNull())
        .addColumn("first_step", "integer", (column) => column.notNull())
        .addColumn("figures", "text", (column) => column.notNull())
        .addPrimaryKeyConstraint("scheduler_series_key", ["job", "name", "first_step"])
        .execute();
    },
  },
];
