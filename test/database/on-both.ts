/** Runs the same tests on SQLite and, where it is installed, on a real PostgreSQL. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Database } from "@amaas/database";
import { afterAll, afterEach, beforeAll, beforeEach, describe } from "vitest";
import { type PostgresServer, postgresAvailable, startPostgres } from "../servers/postgres.ts";
import { temporaryFolder } from "../servers/server-process.ts";
import { openTables, type Tables } from "./tables.ts";

/** What a test works with; new for each test. */
export interface Bench {
  readonly url: string;
  readonly database: Database<Tables>;
  /** The URL of another database, in which nothing is yet. */
  emptyUrl(): Promise<string>;
  /** Starts `process.fixture.ts`, which does not outlive the test. */
  start(role: "migrate" | "count" | "publish", url: string): ChildProcess;
}

export function onBoth(define: (bench: () => Bench) => void): void {
  describe("on SQLite", () => {
    let folder: string;
    let files = 0;
    beforeAll(() => {
      folder = temporaryFolder("database");
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));
    define(benches(async () => `sqlite:${join(folder, `${files++}.db`)}`));
  });

  describe.skipIf(!postgresAvailable())("on PostgreSQL", () => {
    let server: PostgresServer;
    beforeAll(async () => {
      server = await startPostgres();
    });
    afterAll(() => server?.stop());
    define(benches(() => server.createDatabase()));
  });
}

function benches(emptyUrl: () => Promise<string>): () => Bench {
  const children: ChildProcess[] = [];
  let bench: Bench;

  beforeEach(async () => {
    const url = await emptyUrl();
    const database = await openTables(url);
    const start: Bench["start"] = (role, at) => {
      const child = fork(new URL("./process.fixture.ts", import.meta.url), [role, at]);
      children.push(child);
      return child;
    };
    bench = { url, database, emptyUrl, start };
  });

  afterEach(async () => {
    for (const child of children.splice(0)) await end(child);
    await bench?.database.close();
  });

  return () => bench;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}
