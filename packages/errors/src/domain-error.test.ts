import { expect, test } from "vitest";
import { DomainError, errorMessage, isDomainError, isFault, publicError } from "./index.ts";

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

test("only what is ours is told", () => {
  const ours = new DomainError("not-found", "no job 7");
  expect(publicError(ours)).toBe(ours);
  for (const thrown of [new Error("secret"), "secret", undefined, { code: "not-found" }])
    expect(publicError(thrown)).toMatchObject({ code: "internal", message: "internal error" });
});

test("a fault is what is not ours, or says so", () => {
  expect([new Error("x"), "x", undefined].map(isFault)).toEqual([true, true, true]);
  expect(isFault(new DomainError("internal", "the engine broke"))).toBe(true);
  expect(isFault(new DomainError("data-loss", "a damaged row"))).toBe(true);
  expect(isFault(new DomainError("unavailable", "away"))).toBe(false);
});
