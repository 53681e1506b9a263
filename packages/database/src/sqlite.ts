/**
 * SQLite through node:sqlite, as a dialect of Kysely.
 *
 * There is one connection, and whoever has it has the database: transactions and the queries
 * beside them go one after another. A commit is on disk when it returns (WAL, full sync).
 */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { setTimeout } from "node:timers/promises";
import { DomainError, errorMessage } from "@amaas/errors";
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import { noStreams } from "./no-streams.ts";
import { isBusy, sqliteFault } from "./sqlite-faults.ts";
import { Turnstile } from "./turnstile.ts";

/** How long another process, a backup say, may keep the file to itself. */
const busyMs = 5000;

/** How long a query waits for the transactions before it. */
const patienceMs = 10_000;

/** Opens or makes the file; `:memory:` is a database that nobody else sees and nothing keeps. */
export function sqliteDialect(path: string): Dialect {
  const driver = new SqliteDriver(openFile(path));
  return {
    createDriver: () => driver,
    createAdapter: () => new Adapter(),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  };
}

function openFile(path: string): DatabaseSync {
  try {
    if (path !== ":memory:") mkdirSync(dirname(path), { recursive: true });
    const database = new DatabaseSync(path, { timeout: busyMs });
    database.exec("pragma journal_mode = wal; pragma synchronous = full");
    // From here on waiting is done without SQLite, which would stop the event loop for it.
    database.exec("pragma foreign_keys = on; pragma busy_timeout = 0");
    return database;
  } catch (error) {
    const known = sqliteFault(error);
    if (known instanceof DomainError)
      throw new DomainError(known.code, `${path}: ${known.message}`);
    const message = `cannot open the database ${path}: ${errorMessage(error)}`;
    throw new DomainError("unavailable", message, { cause: error });
  }
}

class Adapter extends SqliteAdapter {
  /** Kysely's own queue for the one connection waits for ever; the driver's does not. */
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

class SqliteDriver implements Driver {
  readonly #database: DatabaseSync;
  readonly #connection: SqliteConnection;
  readonly #turnstile = new Turnstile(patienceMs);

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#connection = new SqliteConnection(database);
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    await this.#turnstile.enter();
    return this.#connection;
  }

  async releaseConnection(): Promise<void> {
    this.#turnstile.leave();
  }

  async beginTransaction(): Promise<void> {
    // Takes the write lock now: to ask for it later could fail half-way.
    await whileBusy(() => this.#database.exec("begin immediate"));
  }

  async commitTransaction(): Promise<void> {
    await whileBusy(() => this.#database.exec("commit"));
  }

  async rollbackTransaction(): Promise<void> {
    // A full disk, for one, has rolled it back already.
    if (this.#database.isTransaction) await whileBusy(() => this.#database.exec("rollback"));
  }

  async destroy(): Promise<void> {
    // Whoever is at it may finish.
    await this.#turnstile.enter();
    this.#turnstile.leave();
    if (this.#database.isOpen) this.#database.close();
  }
}

class SqliteConnection implements DatabaseConnection {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const values = parameters as readonly SQLInputValue[];
    return whileBusy(() => {
      const statement = this.#database.prepare(sql);
      if (statement.columns().length > 0) return { rows: statement.all(...values) as R[] };
      const { changes, lastInsertRowid } = statement.run(...values);
      return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
    });
  }

  streamQuery = noStreams;
}

/** Tries until the file is not locked by another connection. */
async function whileBusy<T>(work: () => T): Promise<T> {
  const limit = Date.now() + busyMs;
  for (;;) {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error) || Date.now() > limit) throw sqliteFault(error);
    }
    await setTimeout(5 + Math.random() * 15);
  }
}
