/** Who goes first where processors are short. */
import { constants, getPriority, setPriority } from "node:os";

const { PRIORITY_BELOW_NORMAL: step, PRIORITY_LOW: lowest } = constants.priority;

/**
 * From here on the process, or else the calling thread, works with what others leave of the processor. Threads that it
 * starts later are behind as well. Of a thread it is so on Linux alone, elsewhere it stays as it is.
 */
export function yieldProcessor(pid?: number): void {
  // Elsewhere, no process means this one, all of it.
  if (pid === undefined && process.platform !== "linux") return;
  try {
    setPriority(pid ?? 0, Math.min(lowest, getPriority() + step));
  } catch {
    // Gone by now, or not allowed: it works all the same.
  }
}
