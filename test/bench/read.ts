/**
 * What reading a model of 1 GB of weights takes beyond its file: time, and memory, which must not grow by a copy of
 * the weights. Each round is a process of its own, since a process keeps the memory it once had.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { benchOptions } from "./options.ts";
import { dataName, weightBytes, writeLargeModel } from "./read/large-model.ts";
import type { Measured } from "./read/measure.ts";
import { printReport, tell } from "./report.ts";
import { median, round } from "./statistics.ts";

benchOptions();
const rounds = 5;
/** Of the weights, for the messages around them. */
const mostGrowth = 0.05;
const script = join(import.meta.dirname, "read/measure.ts");

function measure(...args: readonly string[]): Measured {
  const found: Measured = JSON.parse(
    execFileSync(process.execPath, [script, ...args], { encoding: "utf8" }),
  );
  if (found.weightBytes !== weightBytes)
    throw new Error(`${found.weightBytes} bytes of weights were read instead of ${weightBytes}`);
  return found;
}

const folder = mkdtempSync(join(tmpdir(), "amaas-bench-read-"));
const found: Record<"inside" | "beside", Measured[]> = { inside: [], beside: [] };
try {
  tell(`writing two models of ${round(weightBytes / 1e6)} MB of weights`);
  const model = writeLargeModel(folder);
  for (let index = 0; index < rounds; index++) {
    tell(`round ${index + 1} of ${rounds}`);
    found.inside.push(measure(model.inside));
    found.beside.push(measure(model.beside, dataName));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

const names = { inside: "weights in the model", beside: "weights in a file beside it" };
const places = ["inside", "beside"] as const;
const highest = Math.max(...places.flatMap((place) => found[place].map(({ peakMb }) => peakMb)));
const wantedMb = round((mostGrowth * weightBytes) / 1e6);
printReport({
  bench: "read",
  header: ["", "file", "model", "of each round", "peak memory", "array buffers"],
  rows: places.map((place) => {
    const of = (key: keyof Measured) => found[place].map((each) => each[key]);
    return [
      names[place],
      `${round(median(of("fileMs")))} ms`,
      `${round(median(of("modelMs")), 1)} ms`,
      of("modelMs")
        .map((ms) => ms.toFixed(1))
        .join(" "),
      `+${round(Math.max(...of("peakMb")), 1)} MB`,
      `+${round(Math.max(...of("buffersMb")), 2)} MB`,
    ];
  }),
  targets: [
    {
      what: `memory beyond the file, ${round(weightBytes / 1e6)} MB of weights`,
      wanted: `<= ${wantedMb} MB`,
      found: `${round(highest, 1)} MB`,
      met: highest <= wantedMb,
    },
  ],
  figures: { weightBytes, rounds: found },
});
