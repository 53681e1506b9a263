/** What a database promises. */
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { openDatabase, sql } from "@amaas/database";
import { DomainError } from "@amaas/errors";
import { nullTelemetry } from "@amaas/telemetry";
import { describe, expect, test } from "vitest";
import { onBoth } from "./on-both.ts";
import { addAlias, increment, migrations, openTables, type Tables, versionOf } from "./tables.ts";

const telemetry = nullTelemetry();

onBoth((bench) => {
  describe("values", () => {
    test("integers and reals keep 64 bits, counts and sums are numbers, text is any text", async () => {
      const { database } = bench();
      await addAlias(database, "ünï'; drop table test_alias; --");
      const { name } = await database.db
        .selectFrom("test_alias")
        .select("name")
        .executeTakeFirstOrThrow();
      const row = { alias: name, at: 1_790_000_000_123, loss: 0.1 + 0.2, note: null };
      for (let i = 0; i < 2; i++) await database.db.insertInto("test_move").values(row).execute();
      const rows = await database.db.selectFrom("test_move").selectAll().orderBy("id").execute();
      expect(rows).toEqual([
        { id: 1, ...row },
        { id: 2, ...row },
      ]);
      const sums = await database.db
        .selectFrom("test_move")
        .select(({ fn }) => [fn.countAll().as("count"), fn.sum("at").as("sum")])
        .executeTakeFirst();
      expect(sums).toEqual({ count: 2, sum: 2 * row.at });
    });

    test("an integer that no number can hold is refused, not bent", async () => {
      const { database } = bench();
      const large = sql`select 9007199254740993 as n`.execute(database.db);
      await expect(large).rejects.toThrow(RangeError);
      await expect(sql`select 1 as n`.execute(database.db)).resolves.toMatchObject({
        rows: [{ n: 1 }],
      });
    });

    test("a constraint that does not hold is said by its kind", async () => {
      const { database } = bench();
      await addAlias(database, "a");
      await expect(addAlias(database, "a")).rejects.toMatchObject({ code: "already-exists" });
      const orphan = { alias: "nobody", at: 1, loss: null, note: null };
      const insert = database.db.insertInto("test_move").values(orphan).execute();
      await expect(insert).rejects.toMatchObject({ code: "failed-precondition" });
    });
  });

  describe("migrations", () => {
    test("opening again changes nothing; a new migration is added", async () => {
      const { url, database } = bench();
      await addAlias(database, "a");
      const more = {
        name: "test_002_note",
        up: (db: Parameters<(typeof migrations)[0]["up"]>[0]) =>
          db.schema.alterTable("test_alias").addColumn("note", "text").execute(),
      };
      const all = [...migrations, more];
      for (let i = 0; i < 2; i++) {
        await (await openDatabase({ url, migrations: all, telemetry })).close();
      }
      const row = await sql`select name, note from test_alias`.execute(database.db);
      expect(row.rows).toEqual([{ name: "a", note: null }]);
      await (await openTables(url)).close();
    });

    test("one that fails undoes those before it", async () => {
      const fresh = await bench().emptyUrl();
      const broken = {
        name: "test_002_broken",
        up: async () => {
          throw new Error("a broken migration");
        },
      };
      const opening = openDatabase({ url: fresh, migrations: [...migrations, broken], telemetry });
      await expect(opening).rejects.toThrow("a broken migration");
      const empty = await openDatabase<Tables>({ url: fresh, migrations: [], telemetry });
      await expect(addAlias(empty, "a")).rejects.toThrow(/test_alias/);
      await empty.close();
      await (await openTables(fresh)).close();
    });

    test("many that start at the same time, in one process or several, agree", async () => {
      const fresh = await bench().emptyUrl();
      const processes = [1, 2].map(async () => {
        const [code] = await once(bench().start("migrate", fresh), "exit");
        expect(code).toBe(0);
      });
      await Promise.all([
        ...processes,
        ...[1, 2, 3].map(async () => (await openTables(fresh)).close()),
      ]);
    });
  });

  describe("transactions", () => {
    test("all of it or nothing", async () => {
      const { database } = bench();
      await addAlias(database, "a");
      const failing = database.transaction(async (trx) => {
        await trx.updateTable("test_alias").set({ version: 7 }).execute();
        throw new DomainError("failed-precondition", "the gate was not passed");
      });
      await expect(failing).rejects.toMatchObject({ code: "failed-precondition" });
      expect(await versionOf(database, "a")).toBe(0);
    });

    test("an answer of `aborted` by the caller itself is not tried again", async () => {
      const { database } = bench();
      let runs = 0;
      const stale = database.transaction(async () => {
        runs += 1;
        throw new DomainError("aborted", "stale revision");
      });
      await expect(stale).rejects.toMatchObject({ message: "stale revision" });
      expect(runs).toBe(1);
    });

    test("read, think, write: no increment is lost, from one process or several", async () => {
      const { url, database } = bench();
      await addAlias(database, "a");
      const other = await openTables(url);
      const work = [database, other, database].map(async (each) => {
        for (let i = 0; i < 10; i++) await increment(each, "a");
      });
      await Promise.all(work);
      await other.close();
      expect(await versionOf(database, "a")).toBe(30);
    });

    test("compare-and-set: of many at once exactly one wins", async () => {
      const { database } = bench();
      await addAlias(database, "a");
      const moves = await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          database.db
            .updateTable("test_alias")
            .set({ version: i + 1, revision: 1 })
            .where("name", "=", "a")
            .where("revision", "=", 0)
            .executeTakeFirstOrThrow(),
        ),
      );
      expect(moves.filter(({ numUpdatedRows }) => numUpdatedRows === 1n)).toHaveLength(1);
    });

    test("write skew cannot be: two that each rely on what the other changes", async () => {
      const { database } = bench();
      await addAlias(database, "a");
      await addAlias(database, "b");
      const retire = (name: string) =>
        database.transaction(async (trx) => {
          const left = await trx
            .selectFrom("test_alias")
            .select(({ fn }) => fn.countAll<number>().as("n"))
            .where("version", "=", 0)
            .executeTakeFirstOrThrow();
          await setTimeout(20);
          if (left.n < 2) throw new DomainError("failed-precondition", "one has to stay");
          await trx
            .updateTable("test_alias")
            .set({ version: 9 })
            .where("name", "=", name)
            .execute();
        });
      const outcomes = await Promise.allSettled([retire("a"), retire("b")]);
      expect(outcomes.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    });

    test("queries beside a transaction do not see what it has not committed", async () => {
      const { database } = bench();
      await addAlias(database, "a");
      const { promise: written, resolve } = Promise.withResolvers<void>();
      const transaction = database.transaction(async (trx) => {
        await trx.updateTable("test_alias").set({ version: 7 }).execute();
        resolve();
        await setTimeout(30);
        throw new Error("changed my mind");
      });
      await written;
      const [, version] = await Promise.all([
        expect(transaction).rejects.toThrow("changed my mind"),
        versionOf(database, "a"),
      ]);
      expect(version).toBe(0);
    });
  });

  test("kill -9 right after a commit was acknowledged loses nothing", async () => {
    const { url, database } = bench();
    await addAlias(database, "a");
    const child = bench().start("count", url);
    let acknowledged = 0;
    child.on("message", (message: { version?: number }) => {
      acknowledged = message.version ?? acknowledged;
      if (acknowledged >= 5) child.kill("SIGKILL");
    });
    await once(child, "exit");
    const version = await versionOf(database, "a");
    expect(version).toBeGreaterThanOrEqual(acknowledged);
    expect(acknowledged).toBeGreaterThanOrEqual(5);
    expect(await increment(database, "a")).toBe(version + 1);
  });

  test("a closed database is unavailable", async () => {
    const { url } = bench();
    const other = await openTables(url);
    await other.close();
    await expect(addAlias(other, "a")).rejects.toMatchObject({ code: "unavailable" });
    await expect(increment(other, "a")).rejects.toMatchObject({ code: "unavailable" });
    await other.close();
  });
});
