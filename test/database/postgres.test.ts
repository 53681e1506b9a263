/** PostgreSQL going away and coming back under a service that goes on. */
import { setTimeout } from "node:timers/promises";
import type { Database } from "@amaas/database";
import { isDomainError } from "@amaas/errors";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type PostgresServer, postgresAvailable, startPostgres } from "../servers/postgres.ts";
import { addAlias, increment, openTables, type Tables, versionOf } from "./tables.ts";

describe.skipIf(!postgresAvailable())("PostgreSQL", () => {
  let server: PostgresServer;
  let url: string;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    url = await server.createDatabase();
  });

  /** Callers that never stop; each failure must be one they can wait out. */
  function load(database: Database<Tables>) {
    const stop = new AbortController();
    const seen = { acknowledged: 0, failed: 0, others: [] as unknown[] };
    const callers = Array.from({ length: 6 }, async () => {
      while (!stop.signal.aborted) {
        try {
          await increment(database, "a");
          seen.acknowledged += 1;
        } catch (error) {
          seen.failed += 1;
          if (!isDomainError(error) || error.code !== "unavailable") seen.others.push(error);
          await setTimeout(20);
        }
      }
    });
    return { seen, stop: () => Promise.all([...callers, stop.abort()]) };
  }

  test.each([
    ["restarted", () => server.restart()],
    [
      "killed and started again",
      async () => {
        await server.kill();
        await setTimeout(200);
        await server.restart();
      },
    ],
  ])("%s under load: unavailable meanwhile, then as before, nothing lost", async (_, disturb) => {
    const database = await openTables(url);
    await addAlias(database, "a");
    const { seen, stop } = load(database);
    await vi.waitFor(() => expect(seen.acknowledged).toBeGreaterThan(20), 10_000);
    await disturb();
    const before = seen.acknowledged;
    await vi.waitFor(() => expect(seen.acknowledged).toBeGreaterThan(before + 20), 10_000);
    await stop();

    expect(seen.others).toEqual([]);
    expect(seen.failed, "it was noticed").toBeGreaterThan(0);
    const version = await versionOf(database, "a");
    // A commit whose answer was lost with the connection counts without having been acknowledged.
    expect(version).toBeGreaterThanOrEqual(seen.acknowledged);
    expect(version).toBeLessThanOrEqual(seen.acknowledged + seen.failed);
    await database.close();
  });

  test("an idle connection that is cut breaks nothing", async () => {
    const database = await openTables(url);
    await addAlias(database, "a");
    const other = await openTables(url);
    const { sql } = await import("@amaas/database");
    await sql`
      select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()
    `.execute(other.db);
    await vi.waitFor(() => increment(database, "a"), 5000);
    expect(await increment(database, "a")).toBe(2);
    await Promise.all([database.close(), other.close()]);
  });

  test("a transaction cut half-way is undone and unavailable", async () => {
    const database = await openTables(url);
    await addAlias(database, "a");
    const cut = database.transaction(async (trx) => {
      await trx.updateTable("test_alias").set({ version: 7 }).execute();
      await server.restart();
      await trx.updateTable("test_alias").set({ version: 8 }).execute();
    });
    await expect(cut).rejects.toMatchObject({ code: "unavailable" });
    await vi.waitFor(async () => expect(await versionOf(database, "a")).toBe(0), 5000);
    await database.close();
  });

  test("a transaction that ignores a failed statement is not committed", async () => {
    const database = await openTables(url);
    await addAlias(database, "a");
    const careless = database.transaction(async (trx) => {
      await trx.updateTable("test_alias").set({ version: 7 }).execute();
      const again = { name: "a", version: 0, revision: 0 };
      await trx
        .insertInto("test_alias")
        .values(again)
        .execute()
        .catch(() => undefined);
    });
    await expect(careless).rejects.toMatchObject({ code: "internal" });
    expect(await versionOf(database, "a")).toBe(0);
    await database.close();
  });

  test("not there at the start: it is waited for, and in the end refused", async () => {
    await server.kill();
    try {
      const start = performance.now();
      await expect(openTables(url, 1000)).rejects.toMatchObject({
        code: "unavailable",
        message: expect.stringContaining("ECONNREFUSED"),
      });
      expect(performance.now() - start).toBeGreaterThan(500);
    } finally {
      const [database] = await Promise.all([openTables(url, 30_000), server.restart()]);
      await database.close();
    }
  });
});
