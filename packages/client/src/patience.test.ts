import { DomainError } from "@amaas/errors";
import { expect, test } from "vitest";
import { patience } from "./patience.ts";

const away = new DomainError("unavailable", "restarting");

test("an interruption is borne until the patience is over", async () => {
  const interruptions = patience({ forMs: 300 });
  let pauses = 0;
  const bear = async () => {
    for (;;) {
      await interruptions.bear(away);
      pauses++;
    }
  };
  await expect(bear()).rejects.toBe(away);
  expect(pauses).toBeGreaterThanOrEqual(2);
});

test("after something worked the time starts anew", async () => {
  const interruptions = patience({ forMs: 100 });
  for (let round = 0; round < 4; round++) {
    await interruptions.bear(away);
    interruptions.renew();
  }
});

test("other errors are not borne at all", async () => {
  const error = new DomainError("not-found", "no such job");
  await expect(patience({ forMs: 1000 }).bear(error)).rejects.toBe(error);
});

test("the caller's signal ends a pause", async () => {
  const stop = new AbortController();
  const borne = patience({ forMs: 60_000, signal: stop.signal }).bear(away);
  stop.abort();
  await expect(borne).rejects.toThrow("aborted");
});
