/**
 * One suite per state directory. The lock is a file naming the supervisor; a supervisor that died
 * without cleaning up does not count, so nobody ever has to remove a lock by hand.
 */
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DomainError, errorMessage } from "@amaas/errors";
import { identityOf, isAlive, type ProcessIdentity } from "./identity.ts";

export interface Lock {
  release(): Promise<void>;
}

const mostTries = 100;
const pauseMs = 10;
let claims = 0;

export async function lockDirectory(directory: string): Promise<Lock> {
  try {
    await mkdir(directory, { recursive: true });
  } catch (error) {
    throw new DomainError(
      "failed-precondition",
      `cannot keep a suite's state in ${directory}: ${errorMessage(error)}`,
      { cause: error },
    );
  }
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
      if (!(await removeStale(path, claim))) await sleep(pauseMs);
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

/**
 * A lock goes by its holder's hand, or by that of the one claimant who may remove it if the holder is
 * dead: so between the look and the removal nobody can have taken it. False where another may.
 */
async function removeStale(path: string, claim: string): Promise<boolean> {
  const right = `${path}.remover`;
  if (!(await linked(claim, right))) {
    const remover = await readHolder(right);
    // It has the right for a moment, unless it died in that.
    if (remover && !isAlive(remover)) await rm(right, { force: true });
    return false;
  }
  try {
    const holder = await readHolder(path);
    if (!holder || !isAlive(holder)) await rm(path, { force: true });
    return true;
  } finally {
    await rm(right, { force: true });
  }
}
