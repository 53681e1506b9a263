import { expect, test } from "vitest";
import { datasetDigest, splitDigest } from "./index.ts";

test("a data set is known by what it follows from, in whatever order that is written", () => {
  const digest = datasetDigest([{ file: "sha256:1", label: "y" }, { seed: 0 }]);
  expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(datasetDigest([{ label: "y", file: "sha256:1" }, { seed: 0 }])).toBe(digest);
  expect(datasetDigest([{ file: "sha256:1", label: "y" }, { seed: 1 }])).not.toBe(digest);
  expect(datasetDigest([{ file: "sha256:2", label: "y" }, { seed: 0 }])).not.toBe(digest);
});

test("a split is known by the rows of its parts", () => {
  const rows = (...numbers: number[]) => Uint32Array.from(numbers);
  const digest = splitDigest({ training: rows(0, 1), validation: rows(2), test: rows(3) });
  // As Python's hashlib has it of struct.pack("<IIIIIII", 2, 0, 1, 1, 2, 1, 3).
  expect(digest).toBe("sha256:a97845b01796f670622863d51bb617fd6bf2d942ff97c6d82b2d83381db4093f");
  expect(splitDigest({ training: rows(0), validation: rows(1, 2), test: rows(3) })).not.toBe(
    digest,
  );
  expect(splitDigest({ training: rows(0, 1), validation: rows(3), test: rows(2) })).not.toBe(
    digest,
  );
});
