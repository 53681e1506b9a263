import { expect, test } from "vitest";
import { DomainError, errorMessage, isDomainError } from "./index.ts";

test("an error carries its code, its faulty fields and its cause", () => {
  const cause = new Error("disk full");
  const error = new DomainError("unavailable", "cannot store the blob: disk full", {
    violations: [{ field: "data.file", description: "too large" }],
    retryAfterMs: 500,
    metadata: { revision: "3" },
    cause,
  });
  expect(error).toMatchObject({
    name: "DomainError",
    code: "unavailable",
    message: "cannot store the blob: disk full",
    violations: [{ field: "data.file", description: "too large" }],
    retryAfterMs: 500,
    metadata: { revision: "3" },
    cause,
  });
});

test("an error without details has empty ones", () => {
  const error = new DomainError("not-found", "no job job_1");
  expect(error.violations).toEqual([]);
  expect(error.metadata).toEqual({});
  expect(error.retryAfterMs).toBeUndefined();
  expect("cause" in error).toBe(false);
});

test("isDomainError tells ours from others, and one code from another", () => {
  const error = new DomainError("aborted", "stale revision 3, current is 4");
  expect(isDomainError(error)).toBe(true);
  expect(isDomainError(error, "aborted")).toBe(true);
  expect(isDomainError(error, "internal")).toBe(false);
  expect(isDomainError(new Error("x"))).toBe(false);
});

test("errorMessage finds words for anything that was thrown", () => {
  expect(errorMessage(new Error("broken"))).toBe("broken");
  expect(errorMessage(new TypeError())).toBe("TypeError");
  expect(errorMessage("text")).toBe("text");
  expect(errorMessage({ toString: () => "odd" })).toBe("odd");
  expect(errorMessage(undefined)).toBe("undefined");
});
