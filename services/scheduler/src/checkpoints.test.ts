import { expect, test } from "vitest";
import { newestComplete, noCheckpoints, record } from "./checkpoints.ts";
import { digest } from "./sample.fixture.ts";

const at = (step: number, n = step) => ({ step, digest: digest(n) });

test("step 0 is complete from the start, a later step once every shard has written it", () => {
  expect(newestComplete(noCheckpoints, 2)).toEqual({ step: 0, digests: ["", ""] });
  const one = record(noCheckpoints, 2, 0, [at(5), at(10)]).checkpoints;
  expect(newestComplete(one, 2).step).toBe(0);
  const two = record(one, 2, 1, [at(5)]).checkpoints;
  expect(newestComplete(two, 2)).toEqual({ step: 5, digests: [digest(5), digest(5)] });
});

test("what is older than the newest complete checkpoint is forgotten", () => {
  let checkpoints = noCheckpoints;
  for (const step of [5, 10, 15])
    for (const shard of [0, 1]) ({ checkpoints } = record(checkpoints, 2, shard, [at(step)]));
  expect(Object.keys(checkpoints)).toEqual(["15"]);
  expect(record(checkpoints, 2, 0, [at(5), at(10), at(15)]).checkpoints).toBe(checkpoints);
});

test("a digest that differs from the one before is told, and taken", () => {
  const { checkpoints } = record(noCheckpoints, 1, 0, [at(5)]);
  const again = record(checkpoints, 1, 0, [at(5, 6)]);
  expect(again.differing).toEqual([5]);
  expect(newestComplete(again.checkpoints, 1).digests).toEqual([digest(6)]);
});
