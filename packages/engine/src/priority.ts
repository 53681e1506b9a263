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
 * What is started here begins with what others leave of the processor, until it calls `comeForward`. Not so where the system
 * would not let it: that wants CAP_SYS_NICE, or a limit on nice values (ulimit -e) of 20.
 */
export function startBehind<T>(start: () => T): T {
  if (!mayComeForward()) return start();
  const before = getPriority();
  yieldProcessor();
  try {
    return start();
  } finally {
    // A thread that is started has the priority of the one that started it.
    setPriority(0, before);
  }
}

/** The calling thread, and those that it has started, work as the process' first thread does. */
export function comeForward(): void {
  const before = getPriority(process.pid);
  if (getPriority() !== before) for (const thread of threadsOfThisName()) comeTo(thread, before);
}

const sysNice = 1n << 23n;

export function mayComeForward(): boolean {
  const [, capabilities = "0"] = /^CapEff:\s+([0-9a-f]+)/m.exec(read("/proc/self/status")) ?? [];
  const [, limit = "0"] =
    /^Max nice priority\s+(\d+|unlimited)/m.exec(read("/proc/self/limits")) ?? [];
  const allowed = limit === "unlimited" || Number(limit) >= 20 - getPriority();
  return allowed || (BigInt(`0x${capabilities}`) & sysNice) !== 0n;
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
