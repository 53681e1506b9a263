import { readFileSync } from "node:fs";
import { isDomainError } from "@amaas/errors";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse as parseYaml } from "yaml";
import jobSchema from "../job.schema.json" with { type: "json" };
import { type JobSpec, parseJobSpec } from "./index.ts";

const adam = { type: "adam" };

function parseTraining(changed: object): JobSpec["training"] {
  const data = { format: "csv", file: "wages.csv", label: "wage" };
  const training = { epochs: 10, batchSize: 16, optimizer: adam, ...changed };
  const architecture = { type: "linear" };
  return parseJobSpec({ name: "wages", task: "regression", data, architecture, training }).training;
}

/** What is wrong, by field; nothing where nothing is. */
function faults(changed: object): Record<string, string> {
  try {
    parseTraining(changed);
  } catch (error) {
    if (!isDomainError(error, "invalid-argument")) throw error;
    const told = error.violations.map(({ field, description }) => [field, description]);
    return Object.fromEntries(told);
  }
  return {};
}

const parts = ["optimizer", "schedule"] as const;

interface Branch {
  readonly part: (typeof parts)[number];
  readonly type: string;
  /** Schemas of the fields, but for the type's. */
  readonly fields: Readonly<Record<string, { $ref?: string; type?: string; enum?: string[] }>>;
}

/** Every type of optimizer and of schedule that the schema has. */
const branches: readonly Branch[] = parts.flatMap((part) =>
  jobSchema.$defs.training.properties[part].oneOf.flatMap(({ $ref }) => {
    const { type, ...fields } = Object(jobSchema.$defs)[$ref.replace("#/$defs/", "")].properties;
    return (type.enum ?? [type.const]).map((name: string) => ({ part, type: name, fields }));
  }),
);

test("the README shows each optimizer and each schedule with its defaults", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const blocks = [...readme.matchAll(/```yaml\n(- [\s\S]*?)```/g)];
  const choices = blocks.flatMap(([, block]) => parseYaml(block ?? ""));
  const shown = new Set<string>();
  for (const choice of choices)
    for (const part of parts) {
      const value = choice[part];
      if (value === undefined) continue;
      const parsed = parseTraining({ [part]: value })[part];
      expect(parsed).toEqual({ ...(part === "schedule" && { unit: "epoch" }), ...value });
      shown.add(`${part} ${parsed.type}`);
    }
  expect(shown).toEqual(new Set(branches.map(({ part, type }) => `${part} ${type}`)));
});

describe("a faulty training", () => {
  const sgd = { type: "sgd", learningRate: 0.1 };
  const cosine = { type: "cosine" };
  test.each([
    ["optimizer.decoupled", { optimizer: { ...sgd, decoupled: true } }, "weightDecay is 0"],
    ["optimizer.decoupled", { optimizer: { type: "adamw", decoupled: true } }, "is not a known"],
    ["optimizer.weightDecay", { optimizer: { type: "ftrl", weightDecay: 1 } }, "is not a known"],
    ["optimizer.clipValue", { optimizer: { ...adam, clipValue: 0 } }, "more than 0"],
    [
      "optimizer.clipNorm",
      { optimizer: { ...adam, clipNorm: 1, clipValue: 1 } },
      "is there beside clipValue, wanted one of them",
    ],
    ["warmStart.version", { warmStart: { model: "wages" } }, "is missing, wanted a whole number"],
    [
      "warmStart.alias",
      { warmStart: { model: "wages", version: 3, alias: "champion" } },
      "is there beside version, wanted one of them",
    ],
    [
      "warmStart.digest",
      { warmStart: { model: "wages", alias: "champion", digest: `sha256:${"0".repeat(64)}` } },
      "is there without the version",
    ],
    ["warmStart.version", { warmStart: { model: "wages", version: 0 } }, "at least 1"],
    ["schedule", { schedule: "cosine" }, 'found "cosine", wanted an object'],
    ["schedule.type", { schedule: {} }, "is missing, wanted one of constant, step, multi-step"],
    ["schedule.type", { schedule: { type: "cosin" } }, 'found "cosin", wanted one of constant'],
    ["schedule.every", { schedule: { type: "step", factor: 0.1 } }, "is missing, wanted a number"],
    ["schedule.evry", { schedule: { type: "step", factor: 1, every: 1, evry: 2 } }, "mean every?"],
    [
      "schedule.at",
      { schedule: { type: "multi-step", at: [2, 5, 5], factor: 0.1 } },
      "found 5 after 5, wanted growing places",
    ],
    ["schedule.growth", { schedule: { ...cosine, growth: 2 } }, "wanted 1 where there is no cycle"],
    [
      "schedule.warmup.length",
      { schedule: { ...cosine, warmup: { length: 10 } } },
      "found 10, wanted less than training.epochs, which is 10",
    ],
    ["schedule.warmup.length", { schedule: { ...cosine, warmup: {} } }, "is missing"],
    ["averaging.type", { averaging: { type: "mean" } }, 'found "mean", wanted ema'],
    ["averaging.decay", { averaging: { type: "ema", decay: 1 } }, "less than 1"],
    ["earlyStopping.metric", { earlyStopping: { metric: "rocAuc" } }, 'found "rocAuc"'],
    ["earlyStopping.patience", { earlyStopping: { patience: 0 } }, "at least 1"],
    ["earlyStopping.metric", { earlyStopping: { metric: "accuracy" } }, "for regression"],
    ["earlyStopping.metric", { earlyStopping: { metric: "quantileLoss" } }, "type quantile, not"],
    ["schedule.metric", { schedule: { type: "plateau", metric: "f1Macro" } }, "for regression"],
    ["keep", { keep: "first" }, "wanted one of best, last"],
  ])("training.%s: %j", (field, changed, description) => {
    const found = faults(changed);
    expect(Object.keys(found)).toEqual([`training.${field}`]);
    expect(found[`training.${field}`]).toContain(description);
  });

  test("a warm-up counted in steps may be longer than there are epochs", () => {
    expect(faults({ schedule: { ...cosine, unit: "step", warmup: { length: 10 } } })).toEqual({});
  });

  /** No field takes any of these. */
  const wrong = ({ $ref, type, enum: values }: Branch["fields"][string]) => {
    if (type === "boolean") return [1, "true", null, []];
    if (values !== undefined) return ["other", 1, true, null];
    if (type === "array") return [[], [0], ["1"], {}, 1, null];
    if ($ref === "#/$defs/warmup") return [1, "1", [], null];
    return [-1, 1e9, "1", true, null, [1], {}];
  };
  const complete = ({ type, part }: Branch) => ({
    type,
    ...(part === "optimizer" && { learningRate: 0.1 }),
    ...(type === "step" && { every: 1 }),
    ...(type === "multi-step" && { at: [1, 2] }),
    ...(["step", "multi-step", "exponential"].includes(type) && { factor: 0.5 }),
  });

  test("of any kind names every faulty field, and no other", () => {
    const faulty = fc.constantFrom(...branches).chain((branch) =>
      fc.record({
        branch: fc.constant(branch),
        changed: fc.record(
          Object.fromEntries(
            Object.entries(branch.fields).map(([name, field]) => [
              name,
              fc.constantFrom<unknown>(...wrong(field)),
            ]),
          ),
          { requiredKeys: [] },
        ),
        unknown: fc.subarray(["extra", "other"]),
      }),
    );
    fc.assert(
      fc.property(faulty, ({ branch, changed, unknown }) => {
        const extra = Object.fromEntries(unknown.map((name) => [name, 0]));
        const found = faults({ [branch.part]: { ...complete(branch), ...changed, ...extra } });
        const named = [...Object.keys(changed), ...unknown];
        const outer = (field: string) => field.replace(/\[\d+\]$/, "");
        expect(new Set(Object.keys(found).map(outer))).toEqual(
          new Set(named.map((name) => `training.${branch.part}.${name}`)),
        );
      }),
      { numRuns: 1000 },
    );
  });
});
