import { expect, test } from "vitest";
import { parseJobSpec } from "./index.ts";

const specOf = (evaluation: object, data: object = {}) =>
  parseJobSpec({
    name: "birds",
    task: "classification",
    data: { format: "csv", file: "birds.csv", label: "species", ignore: ["id"], ...data },
    architecture: { type: "linear" },
    training: { epochs: 1, batchSize: 8, optimizer: { type: "adam" } },
    evaluation,
  });

test("slices are columns, with buckets or without; a baseline is fitted unless it is not wanted", () => {
  expect(specOf({}).evaluation).toEqual({ slices: [], baseline: true });
  const slices = ["island", { column: "mass", buckets: 3 }, { column: "beak" }];
  expect(specOf({ slices, baseline: false }).evaluation).toEqual({ slices, baseline: false });
});

test.each([
  [["species"], 'evaluation.slices: names "species", wanted columns that the model sees'],
  [["id"], 'evaluation.slices: names "id", wanted columns that the model sees'],
  [["a", { column: "a" }], 'evaluation.slices: names "a" twice'],
  [[3], "evaluation.slices[0]: found 3, wanted the name of a column, or a column and"],
  [[{ buckets: 3 }], "evaluation.slices[0].column: is missing"],
  [[{ column: "a", buckets: 1 }], "evaluation.slices[0].buckets: found 1, wanted a whole number"],
])("slices %j are refused", (slices, fault) => {
  expect(() => specOf({ slices })).toThrow(fault);
});

test("arrays have no named columns", () => {
  const document = {
    name: "digits",
    task: "classification",
    data: { format: "arrays", features: "x.npy", labels: "y.npy" },
    architecture: { type: "linear" },
    training: { epochs: 1, batchSize: 8, optimizer: { type: "adam" } },
    evaluation: { slices: ["a"] },
  };
  expect(() => parseJobSpec(document)).toThrow(
    "evaluation.slices: found 1, wanted none: arrays have no named columns",
  );
});
