/** A process of its own that reads one model and prints as JSON what that took. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { readModel } from "@amaas/graph";
import { toRaw } from "@amaas/tensor";

export interface Measured {
  readonly fileMs: number;
  readonly modelMs: number;
  /** How far memory rose above what the file alone took: at the highest, and in array buffers afterwards. */
  readonly peakMb: number;
  readonly buffersMb: number;
  /** The bytes of all weights, which must be there. */
  readonly weightBytes: number;
}

const path = process.argv[2] ?? "";
const folder = dirname(path);
const began = performance.now();
const files = new Map<string, Uint8Array>();
const open = (file: string) => {
  const bytes = readFileSync(file);
  files.set(file, bytes);
  return bytes;
};
const bytes = open(path);
const data = process.argv[3];
if (data) open(join(folder, data));
const opened = performance.now();
const before = { peak: peakMb(), buffers: process.memoryUsage().arrayBuffers };
const { graph } = readModel(bytes, {
  external: (location) => files.get(join(folder, location)) ?? new Uint8Array(),
});
const read = performance.now();
const measured: Measured = {
  fileMs: opened - began,
  modelMs: read - opened,
  peakMb: peakMb() - before.peak,
  buffersMb: (process.memoryUsage().arrayBuffers - before.buffers) / 1e6,
  weightBytes: [...graph.initializers.values()].reduce(
    (sum, weight) => sum + toRaw(weight).byteLength,
    0,
  ),
};
process.stdout.write(JSON.stringify(measured));

/** The most that was ever resident. */
function peakMb(): number {
  const status = readFileSync("/proc/self/status", "utf8");
  return (Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024) / 1e6;
}
