import { DomainError } from "@amaas/errors";
import { describe, expect, test } from "vitest";
import { parseJobSpec } from "./index.ts";

const minimal = {
  name: "wages",
  task: "classification",
  data: { format: "csv", file: "wages.csv", label: "wage" },
  architecture: { type: "linear" },
  training: { epochs: 1, batchSize: 16, optimizer: { type: "adam" } },
};

function faultsOf(document: object): Record<string, string> {
  try {
    parseJobSpec({ ...minimal, ...document });
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return Object.fromEntries(
      error.violations.map(({ field, description }) => [field, description]),
    );
  }
  throw new Error("the spec was accepted");
}

describe("a split", () => {
  test("by time keeps no proportions of classes, others do", () => {
    expect(parseJobSpec({ ...minimal, split: { time: "t" } }).split.stratify).toBe(false);
    expect(parseJobSpec({ ...minimal, split: { group: "g" } }).split.stratify).toBe(true);
  });

  test.each([
    [{ time: "t", stratify: true }, "split.stratify", "found true, wanted false where split.time"],
    [{ time: "t", group: "g" }, "split.time", "wanted none where there is split.group"],
    [{ time: "t", folds: 3 }, "split.folds", "found 3, wanted none where split.time"],
    [{ folds: 3, fold: 3 }, "split.fold", "found 3, wanted less than split.folds, which is 3"],
    [{ fold: 0 }, "split.fold", "found 0, wanted none where there is no split.folds"],
    [{ folds: 1 }, "split.folds", "found 1, wanted a whole number, at least 2"],
    [{ onDuplicates: "ignore" }, "split.onDuplicates", "wanted one of keep, report, drop"],
  ])("%j is refused", (split, field, description) => {
    expect(faultsOf({ split })[field]).toContain(description);
  });

  test("of arrays goes by no column", () => {
    const data = { format: "arrays", features: "x.npy", labels: "y.npy" };
    expect(faultsOf({ data, split: { group: "g" } })["split.group"]).toBe(
      'found "g", wanted none: arrays data has no columns',
    );
  });
});
