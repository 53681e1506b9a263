import { expect, test } from "vitest";
import { datasetDigest } from "./index.ts";

test("a data set is known by what it follows from, in whatever order that is written", () => {
  const digest = datasetDigest([{ file: "sha256:1", label: "y" }, { seed: 0 }]);
  expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(datasetDigest([{ label: "y", file: "sha256:1" }, { seed: 0 }])).toBe(digest);
  expect(datasetDigest([{ file: "sha256:1", label: "y" }, { seed: 1 }])).not.toBe(digest);
  expect(datasetDigest([{ file: "sha256:2", label: "y" }, { seed: 0 }])).not.toBe(digest);
});
