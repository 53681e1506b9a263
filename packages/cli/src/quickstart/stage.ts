/**
 * A suite for one run: on free ports, in a temporary folder, silent. Whatever happens inside, the
 * processes have stopped and the folder is gone when it ends; when it ends badly, the last lines of
 * the logs are at hand.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Suite, startSuite } from "@amaas/suite";
import { renderLogLine } from "../log-line.ts";
import type { Style } from "../terminal/style.ts";

export interface Stage {
  readonly suite: Suite;
  /** A folder for the run's own files. */
  readonly scratch: string;
  /** The end of the services' logs. */
  tail(style: Style): string[];
  close(): Promise<void>;
}

const keptLines = 25;

export async function openStage(size: {
  readonly trainers: number;
  readonly servers: number;
  readonly inference: number;
}): Promise<Stage> {
  const root = await mkdtemp(join(tmpdir(), "amaas-quickstart-"));
  const lines: { process: string; line: string }[] = [];
  const remove = () => rm(root, { recursive: true, force: true, maxRetries: 3 });
  let suite: Suite;
  try {
    suite = await startSuite({
      ...size,
      directory: join(root, "state"),
      ports: "free",
      onLine: (process, line) => {
        lines.push({ process, line });
        if (lines.length > keptLines) lines.shift();
      },
    });
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    suite,
    scratch: root,
    tail: (style) => lines.map(({ process, line }) => renderLogLine(process, line, style)),
    async close() {
      await suite.stop();
      await remove();
    },
  };
}
