import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { availableCores, cpuQuota, threadsPerInstance } from "./cores.ts";

let root = "";
afterEach(() => rmSync(root, { recursive: true, force: true }));

function machine(files: Readonly<Record<string, string>>): string {
  root = mkdtempSync(join(tmpdir(), "amaas-cores-"));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

test("version 2: the tightest quota of the groups above", () => {
  const files = {
    "proc/self/cgroup": "0::/pods/one\n",
    "sys/fs/cgroup/cpu.max": "max 100000\n",
    "sys/fs/cgroup/pods/cpu.max": "250000 100000\n",
    "sys/fs/cgroup/pods/one/cpu.max": "400000 100000\n",
  };
  expect(cpuQuota(machine(files))).toBe(2.5);
});

test("version 2 in a container: the group is the mount, whatever its path says", () => {
  const files = {
    "proc/self/cgroup": "0::/../../elsewhere\n",
    "sys/fs/cgroup/cpu.max": "150000 100000\n",
  };
  expect(cpuQuota(machine(files))).toBe(1.5);
});

test("version 1, under either name of its mount", () => {
  const group = "4:memory:/x\n3:cpu,cpuacct:/pod\n0::/\n";
  for (const mount of ["cpu", "cpu,cpuacct"]) {
    const files = {
      "proc/self/cgroup": group,
      [`sys/fs/cgroup/${mount}/cpu.cfs_quota_us`]: "-1\n",
      [`sys/fs/cgroup/${mount}/cpu.cfs_period_us`]: "100000\n",
      [`sys/fs/cgroup/${mount}/pod/cpu.cfs_quota_us`]: "300000\n",
      [`sys/fs/cgroup/${mount}/pod/cpu.cfs_period_us`]: "100000\n",
    };
    expect(cpuQuota(machine(files)), mount).toBe(3);
    rmSync(root, { recursive: true });
  }
});

test("no quota where nothing says so", () => {
  expect(cpuQuota(machine({}))).toBe(Number.POSITIVE_INFINITY);
  expect(cpuQuota(machine({ "proc/self/cgroup": "0::/\nnonsense\n" }))).toBe(
    Number.POSITIVE_INFINITY,
  );
});

test("cores are divided among instances, at least one thread for each", () => {
  expect(availableCores()).toBeGreaterThanOrEqual(1);
  expect(availableCores()).toBeLessThanOrEqual(availableParallelism());
  expect([1, 2, 3, 4, 5].map((instances) => threadsPerInstance(4, instances))).toEqual([
    4, 2, 1, 1, 1,
  ]);
});
