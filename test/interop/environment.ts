/**
 * Where the Python environment of the interop tests is. It is made once by `set-up.ts` and known by the hash of what
 * it is made from, so that a change of either makes a new one.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

export const requirements = join(import.meta.dirname, "requirements.txt");
const makers = [requirements, join(import.meta.dirname, "set-up.ts")];

const hash = createHash("sha256");
for (const file of makers) hash.update(readFileSync(file));
const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");

export const home = join(cache, "amaas", `interop-${hash.digest("hex").slice(0, 16)}`);
export const python = join(home, "bin", "python");
/** A script that runs NVIDIA's binary, with a newer libc where this machine's is too old. */
export const perfAnalyzer = join(home, "perf-analyzer");
/** Written last. */
export const seal = join(home, "complete");

export const isMade = existsSync(seal);
