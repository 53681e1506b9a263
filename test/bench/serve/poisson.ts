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

const run = promisify(execFile);

export interface Poisson {
  readonly grpc: string;
  readonly model: string;
  /** The input `features` of each request: what perf_analyzer would make up need not be in a model's range. */
  readonly row: Float32Array;
  readonly boundMs: number;
  /** Where the search begins: more than can be served. */
  readonly mostPerSecond: number;
  readonly seconds: number;
  /** The ratio of two rates that are told apart. */
  readonly precision: number;
}

/** A window with fewer requests says nothing about 99 in 100 of them. */
const leastRequests = 30;

/** Requests per second; 0 where none that is worth a window was low enough. */
export async function highestRate(options: Poisson): Promise<number> {
  const least = Math.ceil(leastRequests / options.seconds);
  const passes = async (rate: number) => (await p99At(rate, options)) <= options.boundMs;
  if (!(await passes(least))) return 0;
  let [passed, failed] = [least, options.mostPerSecond];
  // Each rate is the geometric mean of two: what is sought may be a hundredth of what the server does at most.
  while (failed > options.precision * passed) {
    const rate = Math.round(Math.sqrt(passed * failed));
    if (rate <= passed || rate >= failed) break;
    if (await passes(rate)) passed = rate;
    else failed = rate;
  }
  return passed;
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
  try {
    await writeFile(data, `{"data": [{"features": ${features}}]}`);
    await run(perfAnalyzer, [
      ...["-i", "grpc", "-u", grpc, "-m", model, "--input-data", data, "-f", report],
      ...["--request-rate-range", String(rate), "--request-distribution", "poisson"],
      ...["--async", "--max-threads", "4", "--measurement-interval", String(seconds * 1000)],
      ...["--max-trials", "3", "--stability-percentage", "999"],
    ]);
    const [header = "", figures = ""] = (await readFile(report, "utf8")).split("\n");
    const cells = figures.split(",");
    const cell = (name: string) => Number(cells[header.split(",").indexOf(name)]);
    // A generator that falls behind has not made the load that it was asked for.
    if (cell("Inferences/Second") < 0.9 * rate) return Number.POSITIVE_INFINITY;
    return cell("p99 latency") / 1000;
  } catch (error) {
    // Load that is shed is more than can be served; anything else is a fault of the benchmark's.
    if (String((error as { stderr?: string }).stderr).includes("the queue is full"))
      return Number.POSITIVE_INFINITY;
    throw error;
  } finally {
    await rm(folder, { recursive: true });
  }
}
