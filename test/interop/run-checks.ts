/** The checks of a Python file as tests, one for each: they run in one process, against one server. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { beforeAll, describe, expect, test } from "vitest";
import { isMade, python } from "./environment.ts";
import type { ServedModels } from "./served-models.ts";

interface Outcome {
  readonly check: string;
  readonly error: string | null;
}

/** Where the environment is not made, tests are skipped and named; never where the project is judged. */
export const describeInterop = isMade || process.env.CI !== undefined ? describe : describe.skip;

export function describeChecks(file: string, server: () => ServedModels): void {
  const path = join(import.meta.dirname, "clients", file);
  const names = readFileSync(path, "utf8").matchAll(/^(?:async )?def check_(\w+)/gm);

  describe(basename(file, ".py"), () => {
    const outcomes = new Map<string, string | null>();

    beforeAll(async () => {
      for (const { check, error } of await run(path, server())) outcomes.set(check, error);
    }, 300_000);

    test.each([...names].map(([, name]) => name!))("%s", (name) => {
      const error = outcomes.get(`check_${name}`);
      if (error === undefined) expect.fail("did not run");
      if (error !== null) expect.fail(error);
    });
  });
}

async function run(path: string, { grpc, http }: ServedModels): Promise<Outcome[]> {
  const checks = join(import.meta.dirname, "checks.py");
  const child = spawn(python, [checks, path, grpc, http], { stdio: ["ignore", "pipe", "inherit"] });
  const outcomes: Outcome[] = [];
  // What the clients themselves print is not an outcome.
  for await (const line of createInterface(child.stdout))
    if (line.startsWith('{"check"')) outcomes.push(JSON.parse(line));
  return outcomes;
}
