/** A process that does to itself what the tests ask for. */
import { setTimeout as sleep } from "node:timers/promises";
import { DomainError } from "@amaas/errors";
import { serveThread } from "./serve-thread.ts";

export interface Trouble {
  pid(): number;
  refuse(why: string): never;
  allocate(): number;
  leave(code: number): never;
  kill(): Promise<void>;
  wait(): Promise<void>;
}

serveThread<Trouble>({
  pid: () => process.pid,
  refuse(why) {
    throw new DomainError("invalid-argument", why);
  },
  allocate() {
    const kept: object[] = [];
    while (kept.length >= 0) kept.push({ at: kept.length });
    return kept.length;
  },
  leave: (code) => process.exit(code),
  async kill() {
    process.kill(process.pid, "SIGKILL");
    await sleep(60_000);
  },
  async wait() {
    await sleep(60_000);
  },
});
