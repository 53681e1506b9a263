import { readFileSync } from "node:fs";
import { DomainError, type Violation } from "@amaas/errors";
import { describe, expect, test } from "vitest";
import { parse as parseYaml } from "yaml";
import jobSchema from "../job.schema.json" with { type: "json" };
import { type JobSpec, microBatch, parseJobSpec } from "./index.ts";

const minimal = {
  name: "wages",
  task: "regression",
  data: { format: "csv", file: "wages.csv", label: "wage" },
  architecture: { type: "mlp", hidden: [8] },
  training: { epochs: 1, batchSize: 16, optimizer: { type: "adam" } },
};

const complete: JobSpec = {
  name: "wages",
  task: "regression",
  data: {
    format: "csv",
    file: "wages.csv",
    label: "wage",
    columns: {},
    ignore: [],
    onBadRow: "fail",
  },
  split: {
    training: 0.8,
    validation: 0.1,
    test: 0.1,
    stratify: false,
    seed: 0,
    use: 1,
    onDuplicates: "report",
  },
  architecture: { type: "mlp", hidden: [8], activation: "relu" },
  training: {
    epochs: 1,
    batchSize: 16,
    virtualShards: 8,
    seed: 0,
    loss: { type: "mse" },
    optimizer: {
      type: "adam",
      learningRate: 0.001,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      amsgrad: false,
      weightDecay: 0,
      l1: 0,
    },
    schedule: { type: "constant", unit: "epoch" },
    keep: "last",
    checkpointEverySteps: 100,
  },
  evaluation: { slices: [], baseline: true },
  resources: { workers: 1, servers: 1 },
  priority: 0,
  register: true,
};

function violationsOf(document: unknown): readonly Violation[] {
  try {
    parseJobSpec(document);
  } catch (error) {
    if (error instanceof DomainError && error.code === "invalid-argument") return error.violations;
    throw error;
  }
  throw new Error("the spec was accepted");
}

/** The minimal spec with some fields replaced. */
function violations(replaced: Record<string, unknown>): Record<string, string> {
  const found = violationsOf({ ...minimal, ...replaced });
  return Object.fromEntries(found.map(({ field, description }) => [field, description]));
}

describe("a sound spec", () => {
  test("gets every default, and the caller's document stays as it was", () => {
    const document = structuredClone(minimal);
    expect(parseJobSpec(document)).toEqual(complete);
    expect(document).toEqual(minimal);
  });

  test("once parsed stays the same", () => {
    expect(parseJobSpec(parseJobSpec(minimal))).toEqual(complete);
  });

  test("stratifies classification unless told otherwise", () => {
    const document = { ...minimal, task: "classification" };
    expect(parseJobSpec(document).split.stratify).toBe(true);
    expect(parseJobSpec({ ...document, split: { stratify: false } }).split.stratify).toBe(false);
  });

  test("keeps the best weights where it may stop early, unless told otherwise", () => {
    const trainingOf = (changed: object) =>
      parseJobSpec({ ...minimal, training: { ...minimal.training, ...changed } }).training;
    const { earlyStopping, keep } = trainingOf({ earlyStopping: {} });
    expect(earlyStopping).toEqual({ metric: "loss", patience: 5, minDelta: 0 });
    expect(keep).toBe("best");
    expect(trainingOf({ earlyStopping: {}, keep: "last" }).keep).toBe("last");
    expect(trainingOf({ keep: "best" }).earlyStopping).toBeUndefined();
  });

  test("has the defaults of its optimizer", () => {
    const optimizer = { type: "sgd", learningRate: 0.1 };
    const spec = parseJobSpec({ ...minimal, training: { ...minimal.training, optimizer } });
    expect(spec.training.optimizer).toEqual({
      type: "sgd",
      learningRate: 0.1,
      momentum: 0,
      nesterov: false,
      weightDecay: 0,
      decoupled: false,
      l1: 0,
    });
  });

  test("has micro-batches of one size", () => {
    expect(microBatch(complete.training)).toBe(2);
  });

  test("may come without a prototype, and with a column called __proto__", () => {
    const document = JSON.parse(
      JSON.stringify(minimal).replace('"label"', '"columns":{"__proto__":{"type":"text"}},"label"'),
    );
    const spec = parseJobSpec(Object.assign(Object.create(null), document));
    expect(Object.keys("columns" in spec.data ? spec.data.columns : {})).toEqual(["__proto__"]);
  });
});

describe("the README", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const blocks = [...readme.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1] ?? "");
  const examples = blocks.filter((block) => /^task:/m.test(block));

  test("has a sound example of each format", () => {
    const specs = examples.map((example) => parseJobSpec(parseYaml(example)));
    expect(new Set(specs.map(({ data }) => data.format))).toEqual(
      new Set(["csv", "json", "arrays", "parquet", "text", "images"]),
    );
  });

  test("calls default what is one", () => {
    const full = parseYaml(examples[0] ?? "");
    const lines = (examples[0] ?? "").split("\n").filter((line) => !/# default/.test(line));
    const sections = Object.entries(parseYaml(lines.join("\n")));
    const left = Object.fromEntries(sections.filter(([, section]) => section !== null));
    expect(parseJobSpec(left)).toEqual(full);
  });

  test("names every field of the schema", () => {
    const fields = new Set(
      [jobSchema, ...Object.values(jobSchema.$defs)].flatMap((schema) =>
        "properties" in schema ? Object.keys(schema.properties) : [],
      ),
    );
    const text = blocks.join("\n");
    expect([...fields].filter((field) => !new RegExp(`\\b${field}:`).test(text))).toEqual([]);
  });

  test("quotes a refusal word for word", () => {
    const document = {
      ...minimal,
      training: { ...minimal.training, optimizer: { type: "adm" } },
      gate: { metric: "loss", max: 1, mni: 2 },
    };
    const refusal = /```\n(the job spec has .*)\n```/.exec(readme)?.[1];
    expect(() => parseJobSpec(document)).toThrow(refusal ?? "no refusal in the README");
  });
});

test("every field of the schema is described for editors", () => {
  const undescribed: string[] = [];
  const visit = (schema: unknown, field: string): void => {
    if (typeof schema !== "object" || schema === null) return;
    if ("properties" in schema)
      for (const [key, property] of Object.entries(schema.properties ?? {}))
        if (!["title", "description", "examples"].every((word) => word in Object(property)))
          undescribed.push(`${field}.${key}`);
    for (const [key, value] of Object.entries(schema)) visit(value, `${field}.${key}`);
  };
  visit(jobSchema, "");
  expect(undescribed).toEqual([]);
});

describe("a faulty spec", () => {
  test("names all faults at once, those of the schema and those between fields", () => {
    const { training } = minimal;
    expect(
      violations({
        name: "Wages!",
        data: { format: "cvs" },
        split: { training: 0.5 },
        training: { ...training, batchSize: 12, epochs: 0, optimizer: { type: "adm" } },
        resources: { wrokers: 2 },
        gate: { metric: "accuracy", min: 0.9 },
        extra: 1,
      }),
    ).toEqual({
      name: 'found "Wages!", wanted 1 to 64 characters out of a-z, 0-9, ".", "_" and "-", a letter or digit at both ends',
      "data.format":
        'found "cvs", wanted one of arrays, csv, json, jsonl, parquet, arrow, text, images',
      split: "training, validation and test add up to 0.7, wanted 1",
      "training.batchSize": "found 12, wanted a multiple of training.virtualShards, which is 8",
      "training.epochs": "found 0, wanted a whole number, at least 1 and at most 100000",
      "training.optimizer.type":
        'found "adm", wanted one of sgd, adagrad, rmsprop, adam, adamw, adamax, nadam, lamb, lion, ftrl',
      "resources.wrokers": "is not a known field; did you mean workers?",
      "gate.metric":
        'found "accuracy", wanted one of loss, mse, rmse, mae, mape, r2, explainedVariance, quantileLoss for regression',
      extra:
        "is not a known field; wanted one of name, task, data, features, split, architecture, training, evaluation, resources, priority, gate, register",
    });
  });

  test("names what is missing", () => {
    expect(violationsOf({}).map(({ field }) => field)).toEqual([
      "name",
      "task",
      "data",
      "architecture",
      "training",
    ]);
    expect(violations({ training: { epochs: 1 }, data: {} })).toEqual({
      "data.format":
        "is missing, wanted one of arrays, csv, json, jsonl, parquet, arrow, text, images",
      "training.batchSize": "is missing, wanted a whole number, at least 1 and at most 1048576",
      "training.optimizer": "is missing, wanted an object",
    });
  });

  const { training, data } = minimal;
  const sgd = { type: "sgd", learningRate: 0.1 };
  test.each([
    ["split.stratify", { split: { stratify: true } }, "regression has no classes"],
    [
      "split.test",
      { split: { training: 0.9, validation: 0.1, test: 0 } },
      "found 0, wanted a number, more than 0 and less than 1",
    ],
    ["split", { split: null }, "found null, wanted an object"],
    [
      "training.batchSize",
      { training: { ...training, batchSize: "16" } },
      'found "16", wanted a whole',
    ],
    [
      "training.optimizer.learningRate",
      { training: { ...training, optimizer: { type: "sgd" } } },
      "is missing, wanted a number, more than 0",
    ],
    [
      "training.optimizer.momentum",
      { training: { ...training, optimizer: { ...sgd, momentum: 1 } } },
      "less than 1",
    ],
    [
      "training.optimizer.nesterov",
      { training: { ...training, optimizer: { ...sgd, nesterov: true } } },
      "momentum is 0",
    ],
    [
      "training.optimizer.beta1",
      { training: { ...training, optimizer: { ...sgd, beta1: 0.9 } } },
      "is not a known field",
    ],
    [
      "architecture.hidden",
      { architecture: { type: "mlp", hidden: [] } },
      "found a list of 0 items, wanted a list of 1 to 32 items",
    ],
    [
      "architecture.hidden[1]",
      { architecture: { type: "mlp", hidden: [4, 0.5] } },
      "found 0.5, wanted a whole number",
    ],
    [
      "architecture.hidden",
      { architecture: { type: "linear", hidden: [4] } },
      "is not a known field",
    ],
    [
      "resources.workers",
      { resources: { workers: 9 } },
      "wanted at most 8, one for each virtual shard",
    ],
    ["priority", { priority: 1.5 }, "found 1.5, wanted a whole number, at least -1000 and at most"],
    ["priority", { priority: 1_001 }, "found 1001, wanted a whole number, at least -1000 and at"],
    ["priority", { priority: "high" }, 'found "high", wanted a whole number'],
    ["gate", { gate: { metric: "r2" } }, "neither min nor max"],
    ["gate.min", { gate: { metric: "r2", min: 1, max: 0 } }, "wanted at most gate.max"],
    ["gate", { gate: { metric: "r2", min: 1 }, register: false }, "wanted none where register"],
    ["gate.alias", { gate: { metric: "r2", min: 1, alias: "../x" } }, 'found "../x"'],
    ["data.file", { data: { ...data, file: "sha256:abc" } }, "or sha256: and 64 hex digits"],
    ["data.ignore", { data: { ...data, ignore: ["wage"] } }, 'names the label column "wage"'],
    [
      "data.ignore",
      { data: { ...data, ignore: ["a"], columns: { a: { type: "text" } } } },
      'names "a", which data.columns names too',
    ],
    [
      "data.columns",
      { data: { ...data, columns: { wage: { type: "text" } } } },
      "regression wants numbers",
    ],
    [
      'data.columns["a b"].type',
      { data: { ...data, columns: { "a b": { type: "date" } } } },
      'found "date", wanted one of number, text',
    ],
    [
      'data.columns[""]',
      { data: { ...data, columns: { "": { type: "text" } } } },
      "wanted a text of 1 to 256 characters",
    ],
    ["data.features", { data: { format: "arrays", labels: "y.npy" } }, "is missing, wanted a path"],
  ])("%s: %j", (field, replaced, description) => {
    const found = violations(replaced);
    expect(Object.keys(found)).toEqual([field]);
    expect(found[field]).toContain(description);
  });

  test("is no document at all", () => {
    for (const document of [undefined, null, 3, "text", [], () => 0, new Date(0), new Map()])
      expect(violationsOf(document)).toMatchObject([{ field: "" }]);
  });

  test("is too deep, too large, endless, or no JSON", () => {
    const endless: Record<string, unknown> = { ...minimal };
    endless.data = endless;
    expect(violationsOf(endless)[0]?.description).toContain("nesting deeper than 12");

    let bomb: unknown[] = ["x"];
    for (let level = 0; level < 9; level++) bomb = Array<unknown>(10).fill(bomb);
    expect(violationsOf({ ...minimal, gate: bomb })[0]?.description).toContain("more than 20000");

    expect(violations({ name: "x".repeat(10_000) }).name).toContain("wanted at most 8192");
    expect(violations({ split: { training: Number.NaN } })["split.training"]).toContain("NaN");
    expect(violations({ task: 3n }).task).toContain("bigint");
  });

  test("with a thousand faults is refused in few words", () => {
    const extra = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`x${i}`, i]));
    const found = violationsOf({ ...minimal, ...extra });
    expect(found).toHaveLength(30);
    expect(() => parseJobSpec({ ...minimal, ...extra })).toThrow("and 970 more");
  });
});
