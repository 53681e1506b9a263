/** SQLite on a disk in trouble. */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sql } from "@amaas/database";
import { afterAll, beforeAll, expect, test } from "vitest";
import { temporaryFolder } from "../servers/server-process.ts";
import { addAlias, increment, openTables, versionOf } from "./tables.ts";

let folder: string;
let disk: string;
let mounted = false;

beforeAll(() => {
  folder = temporaryFolder("sqlite");
  disk = join(folder, "disk");
  mkdirSync(disk);
  if (process.platform !== "linux" || process.getuid?.() !== 0) return;
  mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", disk]).status === 0;
});

afterAll(() => {
  if (mounted) spawnSync("umount", ["-l", disk]);
  rmSync(folder, { recursive: true, force: true });
});

test("a commit is forced to disk", async () => {
  const database = await openTables(`sqlite:${join(folder, "a/new/folder/test.db")}`);
  const settings = await sql`
    select * from pragma_journal_mode, pragma_synchronous, pragma_foreign_keys
  `.execute(database.db);
  expect(settings.rows).toEqual([{ journal_mode: "wal", synchronous: 2, foreign_keys: 1 }]);
  await database.close();
});

test("in memory it works as well", async () => {
  const database = await openTables("sqlite::memory:");
  await addAlias(database, "a");
  expect(await increment(database, "a")).toBe(1);
  await database.close();
});

test("a full disk is unavailable; with room again it goes on without being opened again", async ({
  skip,
}) => {
  if (!mounted) skip("needs to mount a small disk, as root");
  const database = await openTables(`sqlite:${join(disk, "test.db")}`);
  await addAlias(database, "a");
  const ballast = join(disk, "ballast");
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(ballast, Buffer.alloc(bavail * bsize));

  const fill = async () => {
    for (let i = 0; i < 1000; i++) {
      await database.transaction(async (trx) => {
        await trx.updateTable("test_alias").set({ version: i }).execute();
        const move = { alias: "a", at: i, loss: null, note: "x".repeat(10_000) };
        await trx.insertInto("test_move").values(move).execute();
      });
    }
  };
  await expect(fill()).rejects.toMatchObject({ code: "unavailable" });
  const kept = await versionOf(database, "a");
  const moves = await database.db.selectFrom("test_move").select("at").execute();
  expect(moves.at(-1)?.at ?? 0, "the failed transaction left nothing").toBe(kept);

  rmSync(ballast);
  expect(await increment(database, "a")).toBe(kept + 1);
  await database.close();
});

test("a damaged file is data loss, said at the start", async () => {
  const path = join(folder, "damaged.db");
  writeFileSync(path, "this is no database".repeat(1000));
  await expect(openTables(`sqlite:${path}`)).rejects.toMatchObject({
    code: "data-loss",
    message: expect.stringContaining(path),
  });
});

test("a file that cannot be made is unavailable, said at the start", async () => {
  writeFileSync(join(folder, "file"), "");
  await expect(openTables(`sqlite:${join(folder, "file", "test.db")}`)).rejects.toMatchObject({
    code: "unavailable",
  });
});
