import { readFileSync } from "node:fs";
import { DomainError } from "@amaas/errors";
import { describe, expect, test } from "vitest";
import { parse as parseYaml } from "yaml";
import { parseJobSpec } from "./index.ts";

const minimal = {
  name: "wages",
  task: "classification",
  data: { format: "csv", file: "wages.csv", label: "wage" },
  architecture: { type: "linear" },
  training: { epochs: 1, batchSize: 16, optimizer: { type: "adam" } },
};

function specOf(columns: object, rest: object = {}) {
  return parseJobSpec({ ...minimal, data: { ...minimal.data, columns }, ...rest });
}

function faultsOf(columns: object, rest: object = {}): Record<string, string> {
  try {
    specOf(columns, rest);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return Object.fromEntries(
      error.violations.map(({ field, description }) => [field, description]),
    );
  }
  throw new Error("the spec was accepted");
}

const number = (encode: object) => ({ a: { type: "number", encode } });
const text = (encode: object) => ({ a: { type: "text", encode } });

describe("columns and features", () => {
  test("have defaults", () => {
    const { data } = specOf({
      a: { type: "number", encode: { type: "scale" } },
      b: { type: "number", encode: { type: "buckets" } },
      c: { type: "text", encode: { type: "hash" } },
      d: { type: "text", encode: { type: "target" } },
      e: { type: "text", encode: { type: "tf-idf" } },
      f: { type: "text", encode: { type: "tokens" } },
    });
    expect("columns" in data && Object.values(data.columns).map(({ encode }) => encode)).toEqual([
      { type: "scale", by: "standard", missing: "median", log: false },
      { type: "buckets", count: 10, as: "one-hot" },
      { type: "hash", buckets: 1024, as: "one-hot" },
      { type: "target", smoothing: 10, folds: 5 },
      { type: "tf-idf", terms: 1000, nGrams: 2 },
      { type: "tokens", words: 64, vocabulary: 10_000 },
    ]);
    expect(specOf({}, { features: {} }).features).toEqual({ crosses: [] });
    expect(specOf({}).features).toBeUndefined();
  });

  test.each([
    [number({ type: "tf-idf" }), "a number wants one of scale, buckets, cycles"],
    [text({ type: "scale" }), "a text wants one of cycles, one-hot, ordinal, category, hash"],
    [number({ type: "scale", min: 2, max: 1 }), '"a".encode.min is 2, wanted less than max'],
    [number({ type: "buckets", edges: [1, 1] }), '"a".encode.edges has 1 after 1'],
    [{ wage: { type: "text", encode: { type: "hash" } } }, '"wage" is the label'],
  ])("%j do not fit", (columns, description) => {
    expect(faultsOf(columns)["data.columns"]).toContain(description);
  });

  test.each([
    [text({ type: "bag" }), "data.columns.a.encode.type", "wanted one of scale, buckets, cycles"],
    [text({}), "data.columns.a.encode.type", "is missing"],
    [text({ type: "hash", bukkets: 8 }), "data.columns.a.encode.bukkets", "did you mean buckets?"],
    [number({ type: "scale", missing: "mode" }), "data.columns.a.encode.missing", "wanted median"],
    [text({ type: "tokens", vocabulary: 2 }), "data.columns.a.encode.vocabulary", "at least 3"],
  ])("%j are faulty", (columns, field, description) => {
    expect(faultsOf(columns)[field]).toContain(description);
  });

  test.each([
    [{ select: { by: "variance" } }, "features.select", "has neither keep nor min"],
    [{ select: { by: "luck", keep: 1 } }, "features.select.by", "wanted one of variance"],
    [{ crosses: [{ columns: ["a", "wage"] }] }, "features.crosses", 'names "wage"'],
    [{ crosses: [{ columns: ["a"] }] }, "features.crosses[0].columns", "a list of 2 to 4"],
  ])("%j are faulty", (features, field, description) => {
    expect(faultsOf({}, { features })[field]).toContain(description);
  });

  test("of a task without labels have nothing to do with them", () => {
    const rest = {
      task: "reconstruction",
      data: { format: "csv", file: "x.csv", columns: text({ type: "target" }) },
      features: { select: { by: "mutual-information", keep: 2 } },
    };
    const faults = faultsOf({}, rest);
    expect(faults["data.columns"]).toContain("reconstruction has no labels");
    expect(faults["features.select.by"]).toContain("reconstruction has no labels");
  });
});

test("the README's examples of columns and features are sound", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const blocks = [...readme.matchAll(/```yaml\n(- [\s\S]*?)```/g)].flatMap(
    ([, block]): Record<string, object>[] => parseYaml(block ?? ""),
  );
  const columns = blocks.filter((block) => "columns" in block);
  const features = blocks.filter((block) => "features" in block);
  expect([columns.length, features.length]).toEqual([2, 1]);
  for (const block of columns) expect(specOf(block.columns ?? {})).toBeDefined();
  for (const block of features) expect(specOf({}, block)).toBeDefined();
});
