import { DomainError } from "@amaas/errors";
import { expect, test } from "vitest";
import { delayBefore, retrying } from "./retry.ts";

const away = () => new DomainError("unavailable", "nobody there");
const options = (deadlineMs: number, signals: AbortSignal[] = []) => ({
  deadline: Date.now() + deadlineMs,
  signals,
  onRetry: () => {},
});

test("delays double, stay below a limit, and keep to what the server asks", () => {
  expect([1, 2, 3, 4].map((attempts) => delayBefore(attempts, 0, 1))).toEqual([50, 100, 200, 400]);
  expect(delayBefore(1, 0, 0)).toBe(25);
  expect(delayBefore(50, 0, 1)).toBe(500);
  expect(delayBefore(1, 700, 1)).toBe(700);
});

test("an unavailable server is asked again until it answers", async () => {
  let attempts = 0;
  const told: number[] = [];
  const answer = await retrying(
    async () => {
      if (++attempts < 3) throw away();
      return "here";
    },
    { ...options(5000), onRetry: (_, attempt) => told.push(attempt) },
  );
  expect(answer).toBe("here");
  expect(told).toEqual([1, 2]);
});

test("any other error is final", async () => {
  let attempts = 0;
  const refuse = async () => {
    attempts++;
    throw new DomainError("aborted", "no");
  };
  await expect(retrying(refuse, options(5000))).rejects.toMatchObject({ code: "aborted" });
  expect(attempts).toBe(1);
});

test("a server that is too busy is asked again if that is wanted, and it says when", async () => {
  const refusing = (retryAfterMs?: number) => {
    let attempts = 0;
    const attempt = async () => {
      if (++attempts < 3)
        throw new DomainError(
          "resource-exhausted",
          "full",
          retryAfterMs === undefined ? {} : { retryAfterMs },
        );
      return attempts;
    };
    return attempt;
  };
  const full = { code: "resource-exhausted", message: "full" };
  expect(await retrying(refusing(1), { ...options(5000), busy: true })).toBe(3);
  await expect(retrying(refusing(1), options(5000))).rejects.toMatchObject(full);
  await expect(retrying(refusing(), { ...options(5000), busy: true })).rejects.toMatchObject(full);
  const later = retrying(refusing(60_000), { ...options(5000), busy: true });
  await expect(later).rejects.toMatchObject({ ...full, retryAfterMs: 60_000 });
});

test("no attempt begins after the deadline, and the last error is told", async () => {
  const fail = async () => {
    throw away();
  };
  await expect(retrying(fail, options(200))).rejects.toMatchObject({ code: "unavailable" });
});

test("where the deadline cuts the last attempt short, the error before is told", async () => {
  let attempts = 0;
  const late = async () => {
    if (++attempts === 1) throw away();
    throw new DomainError("deadline-exceeded", "Deadline exceeded after 0.001s");
  };
  await expect(retrying(late, options(5000))).rejects.toMatchObject({ message: "nobody there" });
  attempts = 1;
  await expect(retrying(late, options(5000))).rejects.toMatchObject({ code: "deadline-exceeded" });
});

test("a caller that leaves ends the waiting", async () => {
  const leaving = new AbortController();
  const call = retrying(
    async () => {
      leaving.abort();
      throw new DomainError("unavailable", "nobody there", { retryAfterMs: 60_000 });
    },
    options(100_000, [leaving.signal]),
  );
  await expect(call).rejects.toMatchObject({ code: "cancelled" });
});
