import { expect, test } from "vitest";
import { simulate } from "./batcher.fixture.ts";
import { knobs } from "./policy.ts";

test("a tenant that comes late has saved nothing up", async () => {
  const { ask, clock, batches } = simulate();
  for (let at = 0; at < 60; at++) ask("early", { tenant: "early" });
  await clock.advance(300);
  for (let at = 0; at < 20; at++) ask("late", { tenant: "late" });
  const before = batches().length;
  await clock.advance(200);
  const served = batches().slice(before);
  expect(served).toHaveLength(20);
  expect(served.filter((tenant) => tenant === "late")).toHaveLength(10);
});

test("a request of a higher level goes first, whatever its shape", async () => {
  const policy = knobs({ maxRows: 4, priorityLevels: 2, defaultPriority: 2 });
  const { ask, clock, batches } = simulate({ policy });
  ask("running");
  ask("low", { shape: "a", priority: 2 });
  ask("high", { shape: "b", priority: 1 });
  await clock.advance(50);
  expect(batches()).toEqual(["running", "high", "low"]);
});
