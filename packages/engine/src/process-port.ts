/** The inside of a process that somebody started to have it answer calls: how it hears and answers. */
import { writeFileSync } from "node:fs";
import type { Port } from "./serve-thread.ts";

/** Undefined in a process that nobody talks to. */
export function ownerOfProcess(): Port | undefined {
  if (!process.send) return undefined;
  // Whoever called is who ends it: an interrupt from a terminal reaches both.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => undefined);
  process.once("disconnect", () => process.exit());
  dieFirst();
  return {
    on: (_event, listener) => void process.on("message", listener as (message: unknown) => void),
    postMessage: (reply) => void process.send?.(reply),
    close: () => process.disconnect(),
  };
}

/** Where memory runs out, the system ends this process before the one that waits for it. */
function dieFirst(): void {
  try {
    writeFileSync("/proc/self/oom_score_adj", "1000");
  } catch {
    // Not Linux, or not allowed: the system decides by size alone.
  }
}
