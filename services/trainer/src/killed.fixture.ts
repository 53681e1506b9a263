/** A process that is killed while it works, or not. */
import { setTimeout as sleep } from "node:timers/promises";
import { serveThread } from "@amaas/engine";

export interface Killed {
  work(isKilled: boolean): Promise<string>;
}

serveThread<Killed>({
  async work(isKilled) {
    if (!isKilled) return "done";
    process.kill(process.pid, "SIGKILL");
    await sleep(60_000);
    return "alive";
  },
});
