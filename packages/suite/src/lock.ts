/**
 * One suite per state directory. The lock is a file naming the supervisor; a supervisor that died
 * without cleaning up does not count, so nobody ever has to remove a lock by hand.
 */
import { link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DomainError } from "@amaas/errors";
import { identityOf, isAlive, type ProcessIdentity } from "./identity.ts";

export interface Lock {
  release(): Promise<void>;
}

const mostTries = 5;
let claims = 0;

export async function lockDirectory(directory: string): Promise<Lock> {
  await mkdir(directory, { recursive: true });
  const path = join(directory, "suite.lock");
  const claim = `${path}.${process.pid}.${++claims}`;
  await writeFile(claim, JSON.stringify(identityOf(process.pid)));
  try {
    for (let tries = 0; tries < mostTries; tries++) {
      // A link appears with its content, and only one claimant can make it.
      if (await linked(claim, path)) return { release: () => rm(path, { force: true }) };
      const holder = await readHolder(path);
      if (holder && isAlive(holder))
        throw new DomainError(
          "failed-precondition",
          `a suite already runs on ${directory} (process ${holder.pid}); stop it first, or choose another directory`,
        );
      await removeStale(path, holder);
    }
    throw new DomainError("aborted", `several suites try to start on ${directory} at once`);
  } finally {
    await rm(claim, { force: true });
  }
}

async function linked(claim: string, path: string): Promise<boolean> {
  try {
    await link(claim, path);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

async function readHolder(path: string): Promise<ProcessIdentity | undefined> {
  try {
    const found: unknown = JSON.parse(await readFile(path, "utf8"));
    if (typeof found !== "object" || found === null) return undefined;
    if (!("pid" in found) || typeof found.pid !== "number") return undefined;
    return "started" in found && typeof found.started === "number"
      ? { pid: found.pid, started: found.started }
      : { pid: found.pid };
  } catch {
    return undefined;
  }
}

/** Moves the lock aside before removing it, so that a lock taken in the meantime can be put back. */
async function removeStale(path: string, seen: ProcessIdentity | undefined): Promise<void> {
  const aside = `${path}.stale.${process.pid}.${++claims}`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  const moved = await readHolder(aside);
  if (moved && moved.pid !== seen?.pid && isAlive(moved)) await linked(aside, path);
  await rm(aside, { force: true });
}
