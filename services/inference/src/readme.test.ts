/** The README's tables are complete and true: they are what operators go by. */
import { readFileSync } from "node:fs";
import { createTelemetry } from "@amaas/telemetry";
import { expect, test } from "vitest";
import { Budget } from "./budget.ts";
import { config } from "./config.ts";
import { createEngineEvents } from "./engine-events.ts";
import { createEvents } from "./events.ts";
import type { Execution } from "./version-statistics.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

test("every variable is in the table, with its default", () => {
  const [, table = ""] = readme.split("\n## Variables\n");
  const told = new Map(
    [...table.matchAll(/^\| `(\w+)` +\| `?([^|`]*?)`? +\|/gm)].map(([, name, value]) => [
      name,
      value,
    ]),
  );
  // Of everybody's, and told beside the cache that it moves.
  const { userCacheFolder: _, ...own } = config;
  expect([...told.keys()].sort()).toEqual(
    Object.values(own)
      .map(({ name }) => name)
      .sort(),
  );
  for (const { name, parse } of Object.values(own)) {
    const parsed = parse(undefined);
    const value = "value" in parsed ? parsed.value : undefined;
    if (typeof value === "number" || typeof value === "string")
      expect({ name, value: told.get(name) }).toEqual({ name, value: String(value) });
  }
});

const execution: Execution = {
  id: 1,
  rows: 2,
  padding: 0,
  requests: 1,
  closedBy: "idle",
  instance: 0,
  startedAt: 0,
  inputMs: 1,
  inferMs: 1,
  outputMs: 1,
};

test("every metric of the page is told, and every one that is told is on the page", async () => {
  const telemetry = createTelemetry({ service: "s", instance: "i", level: "silent", env: {} });
  const events = createEvents(telemetry);
  createEngineEvents(telemetry);
  events.budgetSet(new Budget({ bytes: 1 }));
  const of = events.statistics.open("m", "1");
  of.runsWith({
    memoryBytes: 1,
    quarantined: false,
    instances: 1,
    maxRows: 1,
    targetP99Ms: undefined,
    cost: { known: true, ms: () => 1, rowsWithin: () => 1 },
  });
  events.answers("m", 1);
  events.executed(of, execution, []);
  of.answered({
    rows: 2,
    queuedMs: 1,
    totalMs: 4,
    execution,
    cache: "off",
    cacheMs: 0,
    traceparent: "",
  });
  of.failed("internal", 1, "");
  const { pieces } = await telemetry.metrics.exposition();
  const body = [...pieces].join("");
  events.statistics.stop();
  const shown = [...body.matchAll(/^# TYPE ((?:nv|amaas_inference)_\w+)/gm)].map(
    ([, name]) => name,
  );
  const told = [...readme.matchAll(/`((?:nv|amaas_inference)_[\w{},]+)`/g)].flatMap(([, name]) =>
    spelledOut(name!),
  );
  expect([...new Set(told)].sort()).toEqual(shown.sort());
});

/** `a_{b,c}_d` is a_b_d and a_c_d. */
function spelledOut(name: string): string[] {
  const [, before, middle, after] = /^(.*?)\{(.*?)\}(.*)$/.exec(name) ?? [];
  if (middle === undefined) return [name];
  return middle.split(",").flatMap((part) => spelledOut(`${before}${part}${after}`));
}
