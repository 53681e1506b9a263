import { expect, test } from "vitest";
import { fileRefs, parseJobSpec, requireDigests, withFileRefs } from "./index.ts";

const digest = `sha256:${"ab".repeat(32)}`;
const spec = parseJobSpec({
  name: "digits",
  task: "classification",
  data: { format: "arrays", features: "images.npy", labels: digest },
  architecture: { type: "linear" },
  training: { epochs: 1, batchSize: 8, optimizer: { type: "adam" } },
});

test("paths have to be uploaded, digests do not", () => {
  expect(fileRefs(spec)).toEqual(["images.npy"]);
});

test("a path that two fields name is uploaded once", () => {
  const data = { format: "arrays", features: "x.npy", labels: "x.npy" } as const;
  expect(fileRefs({ ...spec, data })).toEqual(["x.npy"]);
});

test("a spec with digests for all its files passes", () => {
  expect(() => requireDigests(spec)).toThrow(
    'data.features: found "images.npy", which is a path; upload the file and give its digest',
  );
  const uploaded = withFileRefs(spec, new Map([["images.npy", digest]]));
  expect(uploaded.data).toEqual({ format: "arrays", features: digest, labels: digest });
  expect(() => requireDigests(uploaded)).not.toThrow();
});

test("the file of records is replaced too", () => {
  const data = {
    format: "csv",
    file: "a.csv",
    label: "y",
    columns: {},
    ignore: [],
    onBadRow: "fail",
  } as const;
  const records = { ...spec, data };
  expect(fileRefs(records)).toEqual(["a.csv"]);
  expect(withFileRefs(records, new Map([["a.csv", digest]])).data).toEqual({
    ...data,
    file: digest,
  });
});

test("the ONNX file that an architecture begins from is uploaded too", () => {
  const architecture = { type: "onnx", file: "model.onnx" };
  const began = parseJobSpec({ ...spec, architecture });
  expect(fileRefs(began)).toEqual(["images.npy", "model.onnx"]);
  const digests = new Map([
    ["images.npy", digest],
    ["model.onnx", digest],
  ]);
  const uploaded = withFileRefs(began, digests);
  expect(uploaded.architecture).toEqual({ ...began.architecture, file: digest });
  expect(() => requireDigests(uploaded)).not.toThrow();
  expect(() => requireDigests(began)).toThrow('architecture.file: found "model.onnx", which is a');
});
