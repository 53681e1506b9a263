/**
 * How long `amaas up` takes on a fresh folder until every service is ready, and how much memory each
 * service process holds when it then has nothing to do.
 *
 * Cold: Node has compiled nothing yet, as right after the installation. Warm: every later start.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { findSuite } from "@amaas/suite";
import { benchOptions } from "./options.ts";
import { residentMb } from "./process-usage.ts";
import { printReport, tell } from "./report.ts";
import { median, round } from "./statistics.ts";

benchOptions();
const rounds = 5;
const idleMs = 4_000;
const targetSeconds = 5;
const targetMb = 120;
const main = fileURLToPath(import.meta.resolve("@amaas/cli/main"));

interface Start {
  readonly seconds: number;
  /** By process; only where it was asked for. */
  readonly memory: ReadonlyMap<string, number>;
}

async function start(cache: string, measureMemory: boolean): Promise<Start> {
  const folder = await mkdtemp(join(tmpdir(), "amaas-bench-start-"));
  const began = performance.now();
  const child = spawn(process.execPath, [main, "up", "--free-ports", "--output", "json"], {
    cwd: folder,
    env: { ...process.env, NODE_COMPILE_CACHE: cache },
    stdio: ["ignore", "pipe", "pipe"],
  });
  try {
    await firstLine(child);
    const seconds = (performance.now() - began) / 1000;
    return { seconds, memory: measureMemory ? await idleMemory(folder) : new Map() };
  } finally {
    // A clean stop, in which Node also writes down what it has compiled.
    child.kill("SIGTERM");
    if (child.exitCode === null) await once(child, "exit");
    await rm(folder, { recursive: true, force: true });
  }
}

/** The endpoints, which `amaas up` prints once everything is ready. */
async function firstLine(child: ChildProcess): Promise<void> {
  let said = "";
  child.stderr?.on("data", (text: Buffer) => {
    said = (said + text).slice(-4_000);
  });
  if (child.stdout) for await (const _ of createInterface({ input: child.stdout })) return;
  throw new Error(`amaas up ended before everything was ready:\n${said}`);
}

async function idleMemory(folder: string): Promise<Map<string, number>> {
  await sleep(idleMs);
  const suite = await findSuite(folder);
  return new Map(suite?.processes.map(({ name, pid }) => [name, residentMb(pid)]));
}

const scratch = await mkdtemp(join(tmpdir(), "amaas-bench-cache-"));
const warmCache = join(scratch, "warm");
const cold: number[] = [];
const warm: number[] = [];
const memory = new Map<string, number[]>();
try {
  tell("one start that does not count");
  await start(warmCache, false);
  for (let index = 0; index < rounds; index++) {
    tell(`round ${index + 1} of ${rounds}`);
    cold.push((await start(join(scratch, `cold-${index}`), false)).seconds);
    const started = await start(warmCache, true);
    warm.push(started.seconds);
    for (const [name, mb] of started.memory) memory.set(name, [...(memory.get(name) ?? []), mb]);
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}

const startSeconds = { cold: round(median(cold), 2), warm: round(median(warm), 2) };
const idleMb = Object.fromEntries(
  [...memory].map(([name, values]) => [name, round(median(values))] as const),
);
const most = Math.max(...Object.values(idleMb));
printReport({
  bench: "start",
  header: ["", "median", "of each round"],
  rows: [
    ["up to ready, cold", `${startSeconds.cold} s`, each(cold, 2)],
    ["up to ready, warm", `${startSeconds.warm} s`, each(warm, 2)],
    ...[...memory].map(([name, values]) => [`idle ${name}`, `${idleMb[name]} MB`, each(values, 0)]),
  ],
  targets: [
    {
      what: "amaas up to all services ready, cold",
      wanted: `<= ${targetSeconds} s`,
      found: `${startSeconds.cold} s`,
      met: startSeconds.cold <= targetSeconds,
    },
    {
      what: "memory of the largest idle service",
      wanted: `<= ${targetMb} MB`,
      found: `${most} MB`,
      met: most <= targetMb,
    },
  ],
  figures: { startSeconds, idleMb, rounds: { cold, warm } },
});

function each(values: readonly number[], digits: number): string {
  return values.map((value) => value.toFixed(digits)).join(" ");
}
