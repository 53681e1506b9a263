/**
 * Where the Python environments of the servers are that ours is measured beside. `../make-rivals.ts` makes them; each is
 * known by the hash of what is installed in it.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

export const rivalNames = ["mlserver", "pytriton"] as const;
export type RivalName = (typeof rivalNames)[number];

export interface Environment {
  readonly requirements: string;
  readonly home: string;
  readonly bin: string;
  /** Written last. */
  readonly seal: string;
}

export function environmentOf(name: RivalName): Environment {
  const requirements = join(import.meta.dirname, `${name}.txt`);
  const hash = createHash("sha256").update(readFileSync(requirements)).digest("hex");
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
  const home = join(cache, "amaas", `${name}-${hash.slice(0, 16)}`);
  return { requirements, home, bin: join(home, "bin"), seal: join(home, "complete") };
}

export function isMade(name: RivalName): boolean {
  return existsSync(environmentOf(name).seal);
}
