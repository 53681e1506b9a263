/** What a spec says of its loss and its metrics: defaults, faults, and that schema and types agree. */
import { readFileSync } from "node:fs";
import { DomainError } from "@amaas/errors";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse as parseYaml } from "yaml";
import jobSchema from "../job.schema.json" with { type: "json" };
import { metricsOfTask, parseJobSpec, type Task } from "./index.ts";
import { lossesOf } from "./loss-spec.ts";
import { isErrorMetric, metrics } from "./metrics.ts";

const tasks = ["classification", "regression", "embedding"] as const;

interface Change {
  readonly task?: Task;
  readonly loss?: unknown;
  readonly evaluation?: unknown;
  readonly gate?: unknown;
}

function documentOf({ task = "classification", loss, ...rest }: Change): object {
  return {
    name: "birds",
    task,
    data: { format: "csv", file: "birds.csv", label: "species" },
    architecture: { type: "linear" },
    training: {
      epochs: 1,
      batchSize: 8,
      optimizer: { type: "adam" },
      ...(loss === undefined ? {} : { loss }),
    },
    ...rest,
  };
}

const lossOf = (change: Change) => parseJobSpec(documentOf(change)).training.loss;

function faults(change: Change): Record<string, string> {
  try {
    parseJobSpec(documentOf(change));
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return Object.fromEntries(error.violations.map((one) => [one.field, one.description]));
  }
  return {};
}

test.each<[Change, object]>([
  [{}, { type: "cross-entropy", labelSmoothing: 0 }],
  [{ task: "regression" }, { type: "mse" }],
  [{ loss: { type: "focal" } }, { type: "focal", gamma: 2 }],
  [{ loss: { type: "hinge" } }, { type: "hinge", margin: 1, power: 1 }],
  [
    { task: "regression", loss: { type: "huber" } },
    { type: "huber", delta: 1 },
  ],
  [
    { loss: { type: "cross-entropy", classWeights: { Adelie: 0.5 } } },
    { type: "cross-entropy", classWeights: { Adelie: 0.5 }, labelSmoothing: 0 },
  ],
])("%j is completed", (change, loss) => {
  expect(lossOf(change)).toEqual(loss);
});

test.each<[string, Change, string]>([
  [
    "training.loss.type",
    { loss: { type: "crossentropy" } },
    'found "crossentropy", wanted one of cross-entropy, sigmoid-cross-entropy, focal, hinge, mse, mae, log-cosh, huber, quantile, infonce, triplet',
  ],
  [
    "training.loss.type",
    { loss: { type: "mse" } },
    'found "mse", wanted one of cross-entropy, sigmoid-cross-entropy, focal, hinge for classification',
  ],
  [
    "training.loss.type",
    { task: "regression", loss: { type: "focal" } },
    'found "focal", wanted one of mse, mae, huber, log-cosh, quantile for regression',
  ],
  ["training.loss", { loss: "mse" }, 'found "mse", wanted an object'],
  [
    "training.loss.classWeights",
    { loss: { type: "focal", classWeights: "balance" } },
    'found "balance", wanted balanced, or weights by class, each more than 0',
  ],
  [
    "training.loss.classWeights",
    { loss: { type: "focal", classWeights: [1, 2] } },
    "found a list of 2 items, wanted balanced, or weights by class, each more than 0",
  ],
  [
    "training.loss.classWeights.Adelie",
    { loss: { type: "hinge", classWeights: { Adelie: 0 } } },
    "found 0, wanted a number, more than 0 and at most 1000000",
  ],
  [
    "training.loss.labelSmoothing",
    { loss: { type: "cross-entropy", labelSmoothing: 1 } },
    "found 1, wanted a number, at least 0 and less than 1",
  ],
  [
    "training.loss.labelSmoothing",
    { loss: { type: "focal", labelSmoothing: 0.1 } },
    "is not a known field; wanted one of type, classWeights, gamma",
  ],
  ["training.loss.power", { loss: { type: "hinge", power: 3 } }, "found 3, wanted one of 1, 2"],
  [
    "training.loss.quantile",
    { task: "regression", loss: { type: "quantile" } },
    "is missing, wanted a number, more than 0 and less than 1",
  ],
  [
    "evaluation.topK",
    { task: "regression", evaluation: { topK: 3 } },
    "found 3, wanted none: regression has no classes",
  ],
  [
    "evaluation.topK",
    { evaluation: { topK: 1 } },
    "found 1, wanted a whole number, at least 2 and at most 10000",
  ],
  [
    "gate.metric",
    { task: "regression", gate: { metric: "quantileLoss", max: 1 } },
    'found "quantileLoss", which wants training.loss.type quantile, not mse',
  ],
  [
    "gate.max",
    { gate: { metric: "logLoss", min: 0.5 } },
    "is missing, wanted the most that may be of logLoss: less of it is better",
  ],
  [
    "gate.min",
    { gate: { metric: "f1Macro", max: 0.5 } },
    "is missing, wanted the least that may be of f1Macro: more of it is better",
  ],
])("%s of %j is refused", (field, change, description) => {
  expect(faults(change)).toEqual({ [field]: description });
});

describe("schema and types agree", () => {
  test("on the losses", () => {
    const named = jobSchema.$defs.training.properties.loss.oneOf.flatMap(({ $ref }) => {
      const name = $ref.replace("#/$defs/", "") as "crossEntropy" | "focal";
      const type: { readonly enum?: string[]; readonly const?: string } =
        jobSchema.$defs[name].properties.type;
      return type.enum ?? [type.const];
    });
    expect(named.toSorted()).toEqual(tasks.flatMap(lossesOf).sort());
  });

  test("on the metrics", () => {
    const all = new Set((Object.keys(metrics) as Task[]).flatMap((task) => metricsOfTask(task)));
    expect(jobSchema.$defs.metric.enum.toSorted()).toEqual([...all].sort());
  });
});

test("any gate wants the limit that its metric is better beyond, on a metric of its task", () => {
  const all = jobSchema.$defs.metric.enum as ReturnType<typeof metricsOfTask>[0][];
  const gates = fc.record({
    task: fc.constantFrom(...tasks),
    metric: fc.constantFrom(...all),
    min: fc.option(fc.constant(0.25), { nil: undefined }),
    max: fc.option(fc.constant(0.75), { nil: undefined }),
  });
  fc.assert(
    fc.property(gates, ({ task, metric, min, max }) => {
      const known: readonly string[] = metricsOfTask(task);
      const loss = task === "regression" ? { type: "quantile", quantile: 0.5 } : undefined;
      const gate = { metric, ...(min && { min }), ...(max && { max }) };
      const found = Object.keys(faults({ task, loss, gate })).sort();
      const limit = isErrorMetric(metric) ? "max" : "min";
      const neither = min === undefined && max === undefined;
      const missing = (limit === "max" ? max : min) === undefined;
      const wanted = [
        ...(known.includes(metric) ? [] : ["gate.metric"]),
        ...(neither ? ["gate"] : missing ? [`gate.${limit}`] : []),
      ];
      expect(found).toEqual(wanted.sort());
    }),
  );
});

test("numbers within the limits are taken, others are named, whatever else is wrong", () => {
  const limits: readonly [string, string, string, (value: number) => boolean][] = [
    ["classification", "cross-entropy", "labelSmoothing", (x) => x >= 0 && x < 1],
    ["classification", "focal", "gamma", (x) => x >= 0 && x <= 10],
    ["classification", "hinge", "margin", (x) => x > 0 && x <= 1000],
    ["regression", "huber", "delta", (x) => x > 0 && x <= 1000],
    ["regression", "quantile", "quantile", (x) => x > 0 && x < 1],
    ["embedding", "infonce", "temperature", (x) => x > 0 && x <= 100],
    ["embedding", "triplet", "margin", (x) => x > 0 && x <= 2],
  ];
  const number = fc.oneof(
    fc.double({ min: -2, max: 12, noNaN: true }),
    fc.constantFrom(0, 1, 10, 1000, 1000.5, -1),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...limits),
      number,
      fc.boolean(),
      ([task, type, field, sound], value, alsoOther) => {
        const loss = { type, [field]: value, ...(alsoOther && { nonsense: 1 }) };
        const wanted = [
          ...(sound(value) ? [] : [`training.loss.${field}`]),
          ...(alsoOther ? ["training.loss.nonsense"] : []),
        ];
        expect(Object.keys(faults({ task: task as Task, loss })).sort()).toEqual(wanted.sort());
      },
    ),
  );
});

describe("the README", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

  test("names every loss, in words that a job can have", () => {
    const block = /```yaml\n(- \{ type:[\s\S]*?)```/.exec(readme)?.[1] ?? "";
    const losses: readonly { readonly type: string }[] = parseYaml(block);
    const parsed = losses.map((loss) => {
      const task = tasks.find((each) => lossesOf(each).includes(loss.type))!;
      return parseJobSpec(documentOf({ task, loss }));
    });
    expect(parsed.map(({ training }) => training.loss)).toMatchObject(losses);
    const named = new Set(losses.map(({ type }) => type));
    const all = tasks.flatMap(lossesOf);
    // Those whose fields are another's are named in its comment.
    expect(all.filter((name) => !named.has(name))).toEqual(["mae", "log-cosh"]);
    expect(all.filter((name) => !new RegExp(`^\\| .*\\b${name}\\b`, "m").test(readme))).toEqual([]);
  });

  test("names every metric of each task, and no other", () => {
    for (const task of tasks) {
      const list = readme.split(`- ${task}: `)[1]?.split(/\n- |\n\n/)[0] ?? "";
      expect([...list.matchAll(/`(\w+)`/g)].map(([, name]) => name)).toEqual(metricsOfTask(task));
    }
  });
});
