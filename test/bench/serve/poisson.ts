/**
 * MLPerf's server scenario: requests come at random moments, whether or not those before are answered, and what counts is
 * the highest rate at which 99 in 100 are answered within the bound. NVIDIA's perf_analyzer makes the load.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { perfAnalyzer } from "../../interop/environment.ts";
import { tell } from "../report.ts";

const run = promisify(execFile);

export interface Poisson {
  readonly grpc: string;
  readonly model: string;
  /** The input `features` of each request: what perf_analyzer would make up need not be in a model's range. */
  readonly row: Float32Array;
  readonly boundMs: number;
  /** Where the search begins: more than can be served. */
  readonly mostPerSecond: number;
  /** Of each try. */
  readonly seconds: number;
  /** The ratio of two rates that are told apart. */
  readonly precision: number;
}

/** Fewer say nothing about 99 in 100 of them. */
const leastRequests = 100;
/** What else the machine does makes answers late, never early: a rate has failed when it failed every time. */
const tries = 3;
/** perf_analyzer measures so many times, and reports them as one. */
const windows = 3;
/** In percent. A generator that is late with more of its requests has not made the load that it was asked for. */
const mostDelayed = 10;

/** A try at a low rate takes so much longer at the most, to have enough of them. */
const mostLonger = 5;

/** Requests per second; 0 where not even a hundred in the seconds of the longest try were answered in time. */
export async function highestRate(options: Poisson): Promise<number> {
  const least = Math.ceil(leastRequests / (mostLonger * options.seconds));
  // Down by halves, since of few requests a single late one decides; then between the last two.
  let failed = options.mostPerSecond;
  let passed = Math.round(failed / 2);
  while (!(await passes(passed, options))) {
    if (passed <= least) return 0;
    failed = passed;
    passed = Math.max(least, Math.round(failed / 2));
  }
  while (failed > options.precision * passed) {
    const rate = Math.round(Math.sqrt(passed * failed));
    if (rate <= passed || rate >= failed) break;
    if (await passes(rate, options)) passed = rate;
    else failed = rate;
  }
  return passed;
}

async function passes(rate: number, options: Poisson): Promise<boolean> {
  for (let time = 0; time < tries; time++) {
    const p99 = await p99At(rate, options);
    tell(`${options.model}: ${rate} a second, p99 ${p99.toFixed(1)} ms`);
    if (p99 <= options.boundMs) return true;
    if (p99 === Number.POSITIVE_INFINITY) return false;
  }
  return false;
}

/** In milliseconds; infinite where not even the load came through. */
async function p99At(
  rate: number,
  { grpc, model, row: content, seconds }: Poisson,
): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "amaas-bench-"));
  const [report, data] = [join(folder, "report.csv"), join(folder, "data.json")];
  // What is no whole number has to look like none.
  const numbers = [...content].map((value) => (Number.isInteger(value) ? `${value}.0` : value));
  const features = `{"content": [${numbers}], "shape": [${content.length}]}`;
  const interval = Math.ceil((Math.max(seconds, leastRequests / rate) * 1000) / windows);
  try {
    await writeFile(data, `{"data": [{"features": ${features}}]}`);
    const { stdout } = await run(perfAnalyzer, [
      ...["-i", "grpc", "-u", grpc, "-m", model, "--input-data", data, "-f", report],
      ...["--request-rate-range", String(rate), "--request-distribution", "poisson"],
      ...["--async", "--max-threads", "4", "--measurement-interval", String(interval)],
      ...["--max-trials", String(windows), "--stability-percentage", "999"],
    ]);
    // Its arrivals are the same every time, so that few of them may be far from the rate: only it knows if it was late.
    const [, delayed = 0] = /([\d.]+)% of the requests were delayed/.exec(stdout) ?? [];
    if (Number(delayed) > mostDelayed) return Number.POSITIVE_INFINITY;
    const [header = "", figures = ""] = (await readFile(report, "utf8")).split("\n");
    const p99 = Number(figures.split(",")[header.split(",").indexOf("p99 latency")]);
    if (!(p99 > 0)) throw new Error(`perf_analyzer reported no p99:\n${stdout}`);
    return p99 / 1000;
  } catch (error) {
    // Load that is shed is more than can be served; anything else is a fault of the benchmark's.
    if (String((error as { stderr?: string }).stderr).includes("the queue is full"))
      return Number.POSITIVE_INFINITY;
    throw error;
  } finally {
    await rm(folder, { recursive: true });
  }
}
