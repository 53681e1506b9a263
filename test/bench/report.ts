/**
 * What a benchmark says: a small table for people, or one JSON object with `--output json`. What is
 * going on meanwhile is told on stderr.
 */
import { readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { parseArgs } from "node:util";

export interface Target {
  readonly what: string;
  readonly wanted: string;
  readonly found: string;
  readonly met: boolean;
}

export interface Report {
  readonly bench: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly targets: readonly Target[];
  /** Everything measured, for `--output json`. */
  readonly figures: object;
}

const { output } = parseArgs({ options: { output: { type: "string" } }, strict: false }).values;
const loadBefore = load();

export function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

export function printReport({ bench, header, rows, targets, figures }: Report): void {
  const machine = describeMachine();
  if (output === "json") {
    process.stdout.write(`${JSON.stringify({ bench, machine, targets, ...figures })}\n`);
    return;
  }
  const { cpu, cores, memoryGb, node } = machine;
  const lines = [
    `${cores} x ${cpu}, ${memoryGb} GB, Node ${node}, load ${loadBefore} before`,
    "",
    ...table(header, rows),
    "",
    ...targets.map(
      ({ what, wanted, found, met }) =>
        `${met ? "ok   " : "SHORT"} ${what}: ${found}, to reach ${wanted}`,
    ),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

/** Numbers to the right, the first column to the left. */
function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd(),
  );
}

function describeMachine() {
  const [first] = cpus();
  return {
    cpu: first?.model ?? "unknown",
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 1e9),
    node: process.versions.node,
    loadBefore,
  };
}

/** Over the last minute: what else the machine had to do. */
function load(): number {
  return Number(readFileSync("/proc/loadavg", "utf8").split(" ")[0]);
}
