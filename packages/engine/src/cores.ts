/**
 * How many cores this process may keep busy: those it is bound to, and no more than the quota of its
 * control group, which onnxruntime does not look at. A part of a core is not counted, so that what is
 * divided among instances is never more than there is.
 */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";

export function availableCores(): number {
  return Math.max(1, Math.floor(Math.min(availableParallelism(), cpuQuota("/"))));
}

/** Threads inside the operators of each of `instances`, which may all run at once. */
export function threadsPerInstance(cores: number, instances: number): number {
  return Math.max(1, Math.floor(cores / instances));
}

/**
 * The cores that the control groups allow, the tightest of those above this process; infinite where
 * nothing is set. `root` is where /proc and /sys are found.
 */
export function cpuQuota(root: string): number {
  const groups = readText(join(root, "proc/self/cgroup")) ?? "";
  const quotas = groups.split("\n").flatMap((line) => {
    // hierarchy:controllers:path, with neither number nor controllers in version 2.
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) return [];
    if (controllers === "") return foldersUp(root, "sys/fs/cgroup", path).map(quotaOfV2);
    if (!controllers.split(",").includes("cpu")) return [];
    return ["cpu", "cpu,cpuacct"].flatMap((mount) =>
      foldersUp(root, join("sys/fs/cgroup", mount), path).map(quotaOfV1),
    );
  });
  return Math.min(Number.POSITIVE_INFINITY, ...quotas);
}

/** From the group's own folder up to the mount, which in a container is the group itself. */
function foldersUp(root: string, mount: string, path: string): string[] {
  const top = join(root, mount);
  const folders = [];
  let folder = join(top, path);
  while (folder !== top && folder.startsWith(top)) {
    folders.push(folder);
    folder = dirname(folder);
  }
  return [...folders, top];
}

function quotaOfV2(folder: string): number {
  const [quota, period] = (readText(join(folder, "cpu.max")) ?? "").trim().split(" ");
  return cores(Number(quota), Number(period));
}

function quotaOfV1(folder: string): number {
  const read = (name: string) => Number(readText(join(folder, name)) ?? Number.NaN);
  return cores(read("cpu.cfs_quota_us"), read("cpu.cfs_period_us"));
}

/** No number, or -1, says that there is no quota. */
function cores(quota: number, period: number): number {
  return quota > 0 && period > 0 ? quota / period : Number.POSITIVE_INFINITY;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
