/** What the kernel says of a process' memory. */
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
