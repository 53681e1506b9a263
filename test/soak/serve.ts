/**
 * A soak of the inference service: mixed load for minutes on end, and whether memory and latency stay where they are and
 * everybody agrees on what happened.
 */
import { benchOptions } from "../bench/options.ts";
import { printReport, tell } from "../bench/report.ts";
import { type Period, soak } from "./soak.ts";
import { verdict } from "./verdict.ts";

const { minutes } = benchOptions({ minutes: { default: "10", what: "how long" } });
const seconds = Number(minutes) * 60;
if (!(seconds > 0)) throw new Error(`--minutes is '${minutes}'; wanted a number above 0`);
/** Ten at least, so that there is a line to be drawn. */
const periodSeconds = Math.min(60, seconds / 10);

const columns: { readonly [K in keyof Period]: readonly [name: string, digits: number] } = {
  seconds: ["until s", 0],
  calls: ["calls", 0],
  p50Ms: ["p50 ms", 2],
  p99Ms: ["p99 ms", 1],
  residentMb: ["RSS MB", 0],
  heapMb: ["heap MB", 0],
  loopP99Ms: ["loop p99 ms", 1],
};
const names = Object.keys(columns) as (keyof Period)[];
const cells = (period: Period) => names.map((name) => period[name].toFixed(columns[name][1]));

const outcome = await soak(seconds, periodSeconds, (period) => {
  tell(names.map((name, at) => `${columns[name][0]} ${cells(period)[at]}`).join("  "));
});
const targets = verdict(outcome);
printReport({
  bench: "soak",
  header: names.map((name) => columns[name][0]),
  rows: outcome.periods.map(cells),
  targets,
  figures: { periods: outcome.periods },
});
process.exitCode = targets.every(({ met }) => met) ? 0 : 1;
