/** NVIDIA's perf_analyzer against a running server: every way in which it loads one, and what it reports. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { perfAnalyzer } from "./environment.ts";
import { describeInterop } from "./run-checks.ts";
import { type ServedModels, serveModels } from "./served-models.ts";

vi.setConfig({ testTimeout: 180_000 });
const run = promisify(execFile);

describeInterop("perf_analyzer", () => {
  let server: ServedModels;
  let folder = "";

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "amaas-perf-"));
    server = await serveModels();
  }, 120_000);

  afterAll(async () => {
    await server?.stop();
    await rm(folder, { recursive: true });
  });

  /** Few requests, counted rather than timed, so that a slow machine only takes longer. */
  async function analyze(...args: string[]): Promise<Record<string, string>[]> {
    const file = join(folder, "report.csv");
    const count = ["--measurement-mode", "count_windows", "--measurement-request-count", "50"];
    // However unsteady the machine is, the third window is the last.
    const patience = ["--max-trials", "3", "--stability-percentage", "999"];
    const common = ["-m", "simple", "-f", file, "--verbose-csv", ...count, ...patience];
    const { stdout, stderr } = await run(perfAnalyzer, [...common, ...args]);
    expect(`${stdout}${stderr}`).not.toMatch(/error|failed to|unable to/i);
    const [header = "", ...rows] = (await readFile(file, "utf8")).trim().split("\n");
    const names = header.split(",");
    return rows.map((row) => {
      const cells = row.split(",");
      return Object.fromEntries(names.map((name, column) => [name, cells[column] ?? ""]));
    });
  }

  const grpc = () => ["-i", "grpc", "-u", server.grpc];
  const http = () => ["-i", "http", "-u", server.http];

  test.each([
    ["gRPC, waiting for each answer", () => [...grpc(), "--sync", "--concurrency-range", "1:2:1"]],
    ["gRPC, not waiting", () => [...grpc(), "--async", "--concurrency-range", "4"]],
    ["gRPC, over streams", () => [...grpc(), "--streaming", "--concurrency-range", "4"]],
    ["gRPC, in batches", () => [...grpc(), "-b", "4", "--concurrency-range", "2"]],
    [
      "gRPC, at random moments",
      () => [...grpc(), "--request-rate-range", "100", "--request-distribution", "poisson"],
    ],
    ["REST, binary", () => [...http(), "--concurrency-range", "2"]],
    [
      "REST, JSON",
      () => [
        ...http(),
        "--concurrency-range",
        "2",
        "--input-tensor-format",
        "json",
        "--output-tensor-format",
        "json",
      ],
    ],
  ])("%s", async (_, args) => {
    const rows = await analyze(...args());
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) {
      expect(Number(row["Inferences/Second"])).toBeGreaterThan(0);
      expect(Number(row["p99 latency"])).toBeGreaterThan(0);
      // What the server counted of the same time.
      expect(Number(row["Server Compute Infer"])).toBeGreaterThan(0);
    }
  });
});
