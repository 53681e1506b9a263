/** What the kernel says of a process. */
import { readFileSync } from "node:fs";

const pageBytes = 4096;

/** Resident memory in bytes; 0 where the system does not tell, or the process is gone. */
export function residentBytes(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * pageBytes;
  } catch {
    return 0;
  }
}

/** Linux counts in hundredths of a second. */
const tickMs = 10;

/** Processor time that it has used, in milliseconds; 0 where the system does not tell, or the process is gone. */
export function processorMs(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in brackets may hold anything; user and system time are the 12th and 13th behind it.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * tickMs;
  } catch {
    return 0;
  }
}
