import { expect, test } from "vitest";
import { fileRefs, parseJobSpec, requireDigests, withFileRefs } from "./index.ts";

const job = {
  name: "photos",
  task: "classification",
  data: { format: "images", file: "photos", size: [64, 48] },
  architecture: { type: "cnn", blocks: [{ filters: 8 }] },
  training: { epochs: 1, batchSize: 8, optimizer: { type: "adam" } },
};
const withData = (data: object, task = job.task) =>
  parseJobSpec({ ...job, task, data: { ...job.data, ...data } });

test("images are in colour, cover their size and all have to be sound, unless told otherwise", () => {
  expect(parseJobSpec(job).data).toEqual({
    ...job.data,
    channels: 3,
    fit: "cover",
    onBadRow: "fail",
  });
});

test("the folder and the table of labels are uploaded, and told by their digests", () => {
  const spec = withData({ labels: "labels.csv" });
  expect(fileRefs(spec)).toEqual(["photos", "labels.csv"]);
  const [list, table] = [`files:sha256:${"a".repeat(64)}`, `sha256:${"b".repeat(64)}`];
  const digests = new Map([
    ["photos", list],
    ["labels.csv", table],
  ]);
  const uploaded = withFileRefs(spec, digests);
  expect(uploaded.data).toEqual({ ...spec.data, file: list, labels: table });
  expect(() => requireDigests(uploaded)).not.toThrow();
  expect(() => requireDigests(spec)).toThrow(/data\.file: .*data\.labels: /);
  const plain = withFileRefs(job, new Map([["photos", list]]));
  expect(plain.data).toEqual({ ...parseJobSpec(job).data, file: list });
});

test.each([
  [{ size: [64] }, "data.size: found a list of 1 items, wanted height and width"],
  [
    { size: [64, 300] },
    "data.size[1]: found 300, wanted a whole number, at least 1 and at most 256",
  ],
  [{ size: [256, 256] }, "data.size: makes 3 * 256 * 256 = 196608 features, wanted at most 65536"],
  [{ channels: 4 }, "data.channels: found 4, wanted one of 1, 3"],
  [{ fit: "fill" }, 'data.fit: found "fill", wanted one of cover, contain'],
  [{ label: "x" }, "data.label: is not a known field; did you mean labels?"],
])("%j is refused", (data, message) => {
  expect(() => withData(data)).toThrow(message);
});

test("labels are for tasks that have some; numbers come of a table", () => {
  expect(() => withData({ labels: "y.csv" }, "regression")).not.toThrow();
  expect(() => withData({}, "regression")).toThrow("data.labels: is missing, wanted a path");
  expect(() => withData({ labels: "y.csv" }, "reconstruction")).toThrow(
    'data.labels: found "y.csv", wanted none: reconstruction has no labels',
  );
  expect(() => withData({}, "reconstruction")).not.toThrow();
});

test("images have no columns", () => {
  expect(() => parseJobSpec({ ...job, split: { group: "author" } })).toThrow(
    'split.group: found "author", wanted none: images data has no columns',
  );
  const slices = { ...job, evaluation: { slices: ["camera"] } };
  expect(() => parseJobSpec(slices)).toThrow("evaluation.slices: found 1, wanted none");
  expect(() => parseJobSpec({ ...job, features: { crosses: [{ columns: ["a", "b"] }] } })).toThrow(
    "features.crosses: names columns, which images data does not have",
  );
});
