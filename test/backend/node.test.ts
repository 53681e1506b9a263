/**
 * The reference interpreter against the node tests of the ONNX standard: every case of every operator that is
 * described, by name, so that `vitest run test/backend -t "Conv:"` runs those of one.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { cases } from "./cases.ts";
import { refusals } from "./refusals.ts";
import { isJudged, page, runAll } from "./results.ts";

// Machines that run many tests at once are slow.
vi.setConfig({ testTimeout: 120_000 });

const results = runAll();

describe.each(results.filter(isJudged))("$case.operator:", ({ case: { name }, outcome }) => {
  test(name, () => {
    if (Object.hasOwn(refusals, name)) expect(outcome.kind, "refused").toBe("failed");
    else if (outcome.kind === "failed") expect.fail(outcome.reason);
  });
});

test("every refusal names a case", () => {
  const names = new Set(cases.map(({ name }) => name));
  expect(Object.keys(refusals).filter((name) => !names.has(name))).toEqual([]);
});

test("the page is current", () => {
  const kept = readFileSync(join(import.meta.dirname, "README.md"), "utf8");
  const stale = kept !== page(results);
  expect(stale, "write it anew by node test/backend/page.ts").toBe(false);
});
