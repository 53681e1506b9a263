/** Who goes first where processors are short. */
import { readdirSync, readFileSync } from "node:fs";
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

/**
 * Whether the calling thread, once behind, could come forward again, which wants CAP_SYS_NICE or a limit on nice values
 * (ulimit -e) of 20. It is tried, since nothing else tells for sure: where it could not, the thread is left a step behind.
 */
export function tryComingForward(): boolean {
  if (process.platform !== "linux") return false;
  try {
    const before = getPriority();
    setPriority(0, before + 1);
    setPriority(0, before);
    return true;
  } catch {
    return false;
  }
}

/** The calling thread, and those that it has started, work as the process' first thread does. */
export function comeForward(): void {
  const before = getPriority(process.pid);
  for (const thread of threadsOfThisName()) comeTo(thread, before);
}

/** A thread that has been started has the name of the one that started it. */
function threadsOfThisName(): number[] {
  const name = read("/proc/thread-self/comm");
  return readdirSync("/proc/self/task")
    .filter((thread) => read(`/proc/self/task/${thread}/comm`) === name)
    .map(Number);
}

function comeTo(thread: number, priority: number): void {
  try {
    setPriority(thread, priority);
  } catch {
    // It has ended.
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
