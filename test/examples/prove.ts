/**
 * Trains examples through whole suites and proves them: by one worker, by two, by three, and by two of
 * which one is killed, and a parameter server after it. However it was trained, an example ends with
 * the same weights.
 *
 *     node test/examples/prove.ts [NAME ...] [--runs 1,2,3,kill]
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { createClient } from "@amaas/client";
import { type Example, examples } from "@amaas/examples";
import { startSuite } from "@amaas/suite";
import { parse } from "yaml";
import { follow, type Interruption, type Run, runOf } from "../e2e/run.ts";

const { values, positionals } = parseArgs({
  options: { runs: { type: "string", default: "1,2,3,kill" } },
  allowPositionals: true,
});
const shown = new Set(["accuracy", "f1Macro", "r2", "mae", "mse", "perplexity", "loss"]);
const known = new Map<string, Example>(Object.entries(examples));
const names = positionals.length > 0 ? positionals : [...known.keys()];

for (const name of names) {
  const example = known.get(name);
  if (!example) throw new Error(`there is no example "${name}", wanted ${[...known.keys()]}`);
  const hashes = new Set<string>();
  for (const kind of values.runs.split(",")) {
    const run = await trained(example, kind);
    hashes.add(run.bits.weightsSha256);
    console.log(describe(name, kind, run), ...(run.evaluation ?? []));
  }
  console.log(`${name}: ${hashes.size === 1 ? "one result" : `${hashes.size} DIFFERENT RESULTS`}`);
  if (hashes.size > 1) process.exitCode = 1;
}

interface Told {
  readonly evaluation: readonly string[] | undefined;
}

/** A suite of its own for each run: nothing is left of the one before. */
async function trained(example: Example, kind: string): Promise<Run & Told> {
  const workers = kind === "kill" ? 2 : Number(kind);
  const directory = await mkdtemp(join(tmpdir(), "amaas-example-"));
  const lines: string[] = [];
  const suite = await startSuite({
    directory,
    ports: "free",
    trainers: workers,
    servers: 2,
    onLine: (name, line) => lines.push(`${name}: ${line}`),
  });
  const client = createClient(suite.endpoints);
  try {
    await example.writeData();
    await suite.ready();
    const document: object = parse(await readFile(example.job, "utf8"));
    const resources = { workers, servers: 2 };
    const began = performance.now();
    const { id } = await client.jobs.submit(
      { ...document, resources },
      { baseDirectory: dirname(example.job) },
    );
    const disturbances = kind === "kill" ? killing(suite.kill) : [];
    const followed = await follow(client, id, disturbances);
    const run = runOf(followed, (performance.now() - began) / 1000);
    const { model = "", version = 0 } = run.job.outcome ?? {};
    const record = await client.models.evaluation(model, version);
    const judge = record?.judge ?? "";
    const baselines = record?.baselines.map(
      ({ name, metrics }) => `  ${name} ${judge} ${metrics[judge]?.toFixed(4)}`,
    );
    return { ...run, evaluation: baselines };
  } catch (error) {
    console.error(lines.slice(-40).join("\n"));
    throw error;
  } finally {
    client.close();
    await suite.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

function killing(kill: (name: string, signal?: NodeJS.Signals) => void): Interruption[] {
  return [
    { atStep: 20, act: () => kill("trainer-2", "SIGKILL") },
    { atStep: 45, act: () => kill("parameter-server-2", "SIGKILL") },
  ];
}

function describe(name: string, kind: string, { bits, job, seconds }: Run): string {
  const test = job.progress?.evaluations.findLast(({ split }) => split === "test");
  const scores = Object.entries(test?.metrics ?? {})
    .filter(([metric]) => shown.has(metric))
    .map(([metric, value]) => `${metric} ${value.toFixed(4)}`);
  return [
    name.padEnd(18),
    kind.padEnd(5),
    `${seconds.toFixed(1)} s`.padStart(8),
    `${bits.steps} steps`.padStart(12),
    bits.weightsSha256.slice(0, 16),
    ...scores,
  ].join("  ");
}
