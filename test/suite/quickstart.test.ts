/** The first command that anybody runs, as they run it. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { startAmaas } from "./amaas.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** Processes that were started with this folder for temporary files. */
function processesWith(folder: string): string[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, "utf8").includes(`TMPDIR=${folder}`);
      } catch {
        return false;
      }
    });
}

/** On an idle machine of two cores it takes a sixth of that. */
const timeout = 180_000;

test("it trains, serves and asks the digits, can be kept, and leaves nothing", {
  timeout,
}, async () => {
  const folder = await temporaryFolder();
  const run = startAmaas(folder, ["quickstart", "--keep", "--output", "json"], { TMPDIR: folder });
  await run.says("Ctrl-C stops it.");
  const [, scheduler = ""] = /AMAAS_SCHEDULER_ADDRESS=(\S+)/.exec(run.said.stderr) ?? [];
  const listed = await startAmaas(folder, ["jobs", "--scheduler", scheduler]).ended;
  expect(listed.stdout).toContain("digits");
  run.child.kill("SIGINT");
  const { code, stdout, stderr } = await run.ended;
  expect(code, stderr).toBe(0);
  expect(stdout.trimEnd().split("\n")).toHaveLength(1);
  const report = JSON.parse(stdout);
  expect(report).toMatchObject({
    model: "digits",
    version: 1,
    alias: "champion",
    digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    weightsSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
    testDigits: 1000,
    workers: 2,
  });
  expect(report.testAccuracy).toBeGreaterThanOrEqual(0.94);
  for (const field of ["steps", "samplesPerSecond", "p50Ms", "p99Ms", "requestsPerSecond"])
    expect(report[field], field).toBeGreaterThan(0);
  expect(stderr).toContain(report.weightsSha256);
  expect(readdirSync(folder)).toEqual([]);
  expect(processesWith(folder)).toEqual([]);
});

test.each(["Start", "epoch"])("Ctrl-C after %j stops everything", { timeout }, async (text) => {
  const folder = await temporaryFolder();
  const run = startAmaas(folder, ["quickstart"], { TMPDIR: folder });
  if (text === "epoch") await run.says(text);
  else await expect.poll(() => processesWith(folder).length, { timeout: 20_000 }).toBe(8);
  run.child.kill("SIGINT");
  const { code, stdout } = await run.ended;
  expect(code).toBe(130);
  expect(stdout).toContain("interrupted");
  expect(readdirSync(folder)).toEqual([]);
  expect(processesWith(folder)).toEqual([]);
});
