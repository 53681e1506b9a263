/**
 * Whether the process that once had a pid still has it. Pids are handed out again, so where the
 * system tells when a process started (Linux does), that must agree as well.
 */
import { readFileSync } from "node:fs";

export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from boot to the start of the process; absent where the system does not tell. */
  readonly started?: number;
}

export function identityOf(pid: number): ProcessIdentity {
  const stat = readStat(pid);
  return stat === undefined ? { pid } : { pid, started: stat.started };
}

export function isAlive({ pid, started }: ProcessIdentity): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: somebody else's process has the pid, alive all the same.
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) return false;
  }
  const stat = readStat(pid);
  if (stat === undefined) return true;
  return stat.state !== "Z" && (started === undefined || stat.started === started);
}

function readStat(pid: number): { state: string; started: number } | undefined {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command's name stands in brackets and may hold anything, brackets too.
    const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
    const [state, started] = [fields[0], Number(fields[19])];
    return state === undefined || Number.isNaN(started) ? undefined : { state, started };
  } catch {
    return undefined;
  }
}
