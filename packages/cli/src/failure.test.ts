import { DomainError } from "@amaas/errors";
import { expect, test } from "vitest";
import { describeFailure, failureDocument, UsageError } from "./failure.ts";
import { plain } from "./terminal/style.ts";

const violations = [
  { field: "training.epochs", description: "found -1, wanted at least 1" },
  { field: "", description: "found a list, wanted an object" },
];
const spec = new DomainError("invalid-argument", "the job spec has 2 faults: training.epochs: …", {
  violations,
});

test("violations stand on lines of their own, and are not told twice", () => {
  expect(describeFailure(spec, plain)).toEqual([
    "error: the job spec has 2 faults",
    "  training.epochs: found -1, wanted at least 1",
    "  found a list, wanted an object",
  ]);
  expect(failureDocument(spec)).toEqual({
    error: { code: "invalid-argument", message: spec.message, violations },
  });
});

test("a document has a code for every failure", () => {
  expect(failureDocument(new UsageError("found 2, wanted 1"))).toEqual({
    error: { code: "invalid-argument", message: "found 2, wanted 1" },
  });
  expect(failureDocument(new Error("broken"))).toEqual({
    error: { code: "unknown", message: "broken" },
  });
});

test("who cannot be reached may not have been started", () => {
  const error = new DomainError("unavailable", "nothing answers at 127.0.0.1:7101");
  expect(describeFailure(error, plain)).toEqual([
    "error: nothing answers at 127.0.0.1:7101",
    "Is the suite running? Start it with: amaas up",
  ]);
});

test("a message of several lines keeps them, and nothing in it moves the cursor", () => {
  expect(describeFailure(new Error("it said:\n  a\x1b[2Jb"), plain)).toEqual([
    "error: it said:\n  a\ufffd[2Jb",
  ]);
});
