/**
 * `amaas up` as a user starts it, in a process of its own, so that everything can be killed at once:
 * the supervisor as well as its children.
 */
import { type Amaas, createClient } from "@amaas/client";
import { findSuite, type StateFile } from "@amaas/suite";
import { expect } from "vitest";
import { startAmaas } from "../suite/amaas.ts";
import { runs } from "../suite/temporary-folder.ts";

export interface Up {
  readonly client: Amaas;
  readonly state: StateFile;
  /** kill -9 of the supervisor and of all its children, in one go. */
  killAll(): Promise<void>;
  /** Ctrl-C. */
  stop(): Promise<void>;
}

/** The suite's state is in `folder`/.amaas, as on the last start. */
export async function startUp(
  folder: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<Up> {
  const running = startAmaas(folder, ["up", "--free-ports"], variables);
  const saying = running.says("Ctrl-C stops the suite.");
  await saying.catch((error: unknown) => {
    running.child.kill("SIGKILL");
    throw error;
  });
  const state = await findSuite(folder);
  if (state === undefined) throw new Error(`no suite is known in ${folder}`);
  const client = createClient(state.endpoints);
  return {
    client,
    state,
    async killAll() {
      const pids = [state.supervisor.pid, ...state.processes.map(({ pid }) => pid)];
      for (const pid of pids) process.kill(pid, "SIGKILL");
      client.close();
      await running.ended;
      await expect.poll(() => pids.filter(runs), { timeout: 10_000 }).toEqual([]);
    },
    async stop() {
      client.close();
      running.child.kill("SIGINT");
      const { code, stdout, stderr } = await running.ended;
      expect(code, stdout + stderr).toBe(0);
    },
  };
}
