/** A disk that is full when a test wants it to be. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface SmallDisk {
  readonly folder: string;
  /** Takes the last byte. */
  fill(): void;
  /** Gives back what filling took. */
  empty(): void;
  remove(): void;
}

/** Whether tests that need one can run; where they cannot, that is said aloud. */
export function canMount(): boolean {
  if (process.platform === "linux" && process.getuid?.() === 0) {
    try {
      smallDisk().remove();
      return true;
    } catch {
      // Nor may every root.
    }
  }
  console.warn("SKIPPING what needs a full disk: no file system can be mounted");
  return false;
}

/** Some megabytes, in memory. */
export function smallDisk(mebibytes = 2): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), "amaas-disk-"));
  const filler = join(folder, "filler");
  const options = `size=${mebibytes}m,mode=0777`;
  execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder], { stdio: "ignore" });
  return {
    folder,
    fill() {
      try {
        for (let at = 0; ; at++) writeFileSync(`${filler}-${at}`, new Uint8Array(64 * 1024));
      } catch {}
      try {
        for (let at = 0; ; at++) writeFileSync(`${filler}+${at}`, new Uint8Array(1));
      } catch {}
    },
    empty() {
      execFileSync("sh", ["-c", `rm -f ${filler}*`]);
    },
    remove() {
      execFileSync("umount", ["-l", folder]);
      rmSync(folder, { recursive: true });
    },
  };
}
