/** Tasks whose samples are their own labels: what a spec says of them, and what it must not. */
import { describe, expect, test } from "vitest";
import { fileRefs, parseJobSpec, type Task } from "./index.ts";

const training = { epochs: 1, batchSize: 8, optimizer: { type: "adam" } };
const architecture = { type: "mlp", hidden: [4] };
const arrays = { format: "arrays", features: "x.npy" };
const base = { name: "own", task: "reconstruction", data: arrays, architecture, training };

function faultsOf(document: object): Record<string, string> {
  try {
    parseJobSpec(document);
  } catch (error) {
    const { violations } = error as { violations: { field: string; description: string }[] };
    return Object.fromEntries(violations.map(({ field, description }) => [field, description]));
  }
  return {};
}

describe("without labels", () => {
  test("a reconstruction lowers the squared error, and no file of labels is wanted", () => {
    const spec = parseJobSpec(base);
    expect(spec.training.loss).toEqual({ type: "mse" });
    expect(spec.split.stratify).toBe(false);
    expect(fileRefs(spec)).toEqual(["x.npy"]);
  });

  test("language modeling lowers the cross-entropy of tokens", () => {
    const data = { ...arrays, vocabulary: 9 };
    const decoder = { type: "gpt" };
    const spec = parseJobSpec({ ...base, task: "language-modeling", data, architecture: decoder });
    expect(spec.training.loss).toEqual({ type: "cross-entropy", labelSmoothing: 0 });
  });

  test("labels are a fault that names the field and the task", () => {
    expect(faultsOf({ ...base, data: { ...arrays, labels: "y.npy" } })).toEqual({
      "data.labels": 'found "y.npy", wanted none: reconstruction has no labels',
    });
    const data = { format: "csv", file: "a.csv", label: "b" };
    expect(faultsOf({ ...base, data })).toEqual({
      "data.label": 'found "b", wanted none: reconstruction has no labels',
    });
  });

  test("what only classes have is a fault", () => {
    const loss = { type: "sigmoid-cross-entropy", labelSmoothing: 0.1, classWeights: "balanced" };
    expect(
      faultsOf({
        ...base,
        split: { training: 0.8, validation: 0.1, test: 0.1, stratify: true },
        training: { ...training, loss },
        evaluation: { topK: 2 },
      }),
    ).toEqual({
      "split.stratify": "found true, wanted false: reconstruction has no classes",
      "training.loss.labelSmoothing": "found 0.1, wanted 0: reconstruction has no classes",
      "training.loss.classWeights": "found weights, wanted none: reconstruction has no classes",
      "evaluation.topK": "found 2, wanted none: reconstruction has no classes",
    });
  });

  test("a gate asks for a metric of the task", () => {
    expect(faultsOf({ ...base, gate: { metric: "psnr", min: 20 } })).toEqual({});
    expect(faultsOf({ ...base, gate: { metric: "accuracy", min: 0.5 } })).toEqual({
      "gate.metric":
        'found "accuracy", wanted one of loss, mse, rmse, mae, psnr for reconstruction',
    });
  });
});

test("architectures are for the tasks that they were made for", () => {
  const found = (task: Task, type: string) =>
    faultsOf({ ...base, task, architecture: { type } })["architecture.type"];
  expect(found("language-modeling", "linear")).toBe(
    'found "linear", wanted gpt or onnx for language-modeling',
  );
  expect(found("reconstruction", "gpt")).toBe(
    'found "gpt" for reconstruction, wanted it for language-modeling',
  );
  expect(found("reconstruction", "unet")).toBeUndefined();
});

test("ids of a file go with a file alone, and leave no score for smoothing", () => {
  const data = { format: "text", file: "a.txt", ids: ["\n", "a", "<pad>"] };
  const spec = { ...base, task: "language-modeling", data };
  const onnx = { type: "onnx", file: "gpt.onnx", mask: "seen", positions: "places" };
  expect(parseJobSpec({ ...spec, architecture: onnx }).architecture).toMatchObject(onnx);
  const loss = { type: "cross-entropy", labelSmoothing: 0.1 };
  expect(
    faultsOf({ ...spec, architecture: { type: "gpt" }, training: { ...training, loss } }),
  ).toEqual({
    "data.ids": 'found a list, wanted none: "gpt" gives tokens ids of its own',
    "training.loss.labelSmoothing":
      "found 0.1, wanted 0: with ids of a file there are others, which it gives no score",
  });
  const rows = { ...arrays, idsFrom: 1 };
  expect(faultsOf({ ...spec, architecture: onnx, data: { ...rows, vocabulary: 9 } })).toEqual({});
  expect(faultsOf({ ...spec, architecture: onnx, data: rows })).toMatchObject({
    "data.idsFrom": "found 1, wanted it with data.vocabulary",
  });
  const decoder = { type: "gpt" };
  expect(faultsOf({ ...spec, architecture: decoder, data: { ...rows, vocabulary: 9 } })).toEqual({
    "data.idsFrom": 'found 1, wanted none for "gpt"',
  });
  for (const ids of [[], ["a", "b", "a"], [1], "ab"])
    expect(
      Object.keys(faultsOf({ ...spec, architecture: onnx, data: { ...data, ids } }))[0],
    ).toMatch(/^data\.ids/);
});

test.each<[Task, object, string]>([
  ["classification", arrays, "data.labels"],
  ["regression", { format: "json", file: "a.json" }, "data.label"],
])("%s wants labels", (task, data, field) => {
  expect(faultsOf({ ...base, task, data })[field]).toMatch("is missing, wanted a");
});
