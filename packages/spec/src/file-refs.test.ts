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

test("a URL is nobody's to upload, and may be replaced by what it had", () => {
  const data = { format: "csv", file: "https://a.example/x.csv?token=1", label: "y" } as const;
  const remote = parseJobSpec({ ...spec, data });
  expect(fileRefs(remote)).toEqual([]);
  expect(() => requireDigests(remote)).not.toThrow();
  expect(withFileRefs(remote, new Map([[data.file, digest]])).data).toMatchObject({ file: digest });
});

test.each([
  ["s3://bucket/x.csv", "found a URL of s3://, wanted one of https://"],
  ["https://", "found something like a URL that is none, wanted https://host/path"],
  [
    "https://me:secret@a.example/x.csv",
    "found a URL of a.example with a user or password in it, wanted one without",
  ],
])("%s is no URL to read", (file, description) => {
  const data = { format: "csv", file, label: "y" };
  expect(() => parseJobSpec({ ...spec, data })).toThrow(
    expect.objectContaining({ violations: [{ field: "data.file", description }] }),
  );
  const arrays = { format: "arrays", features: digest, labels: file };
  expect(() => parseJobSpec({ ...spec, data: arrays })).toThrow(`data.labels: ${description}`);
  const architecture = { type: "onnx", file };
  expect(() => parseJobSpec({ ...spec, architecture })).toThrow(
    `architecture.file: ${description}`,
  );
});
