/**
 * Processes that a supervisor left behind by dying. They stop by themselves; a new suite on the same
 * state waits for that, since two schedulers on one database would be one too many, and ends what
 * does not come to an end.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { isAlive, type ProcessIdentity } from "./identity.ts";
import { readStateFile } from "./state-file.ts";

const patienceMs = 20_000;
const pollMs = 50;

export async function awaitLeftovers(directory: string): Promise<void> {
  const state = await readStateFile(directory);
  // Without a starting time a pid proves nothing: it may be anybody's by now.
  const known = (state?.processes ?? []).filter(({ started }) => started !== undefined);
  const giveUpAt = Date.now() + patienceMs;
  for (;;) {
    const left = known.filter(isAlive);
    if (left.length === 0) return;
    if (Date.now() >= giveUpAt) return end(left);
    await sleep(pollMs);
  }
}

function end(processes: readonly ProcessIdentity[]): void {
  for (const { pid } of processes) process.kill(pid, "SIGKILL");
}
