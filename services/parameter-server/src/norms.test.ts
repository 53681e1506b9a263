import { ExactSquares } from "@amaas/reduction";
import { expect, test } from "vitest";
import { Norms } from "./norms.ts";

const textOf = (...values: number[]) => ExactSquares.of(Float32Array.from(values)).text();

/** A shard's squares of one vector or more. */
const share = (shard: number, version: number, ...squares: string[]) => ({
  shard,
  version,
  round: 0,
  squares,
});

test("all are answered once all are in, and whoever asks again is answered the same", async () => {
  const norms = new Norms(3, 1, 0);
  const first = norms.add(share(1, 0, textOf(3), textOf()));
  const second = norms.add(share(0, 0, textOf(4), textOf(2)));
  const again = norms.add(share(1, 0, textOf(3), textOf()));
  expect(await Promise.race([first, second, again, Promise.resolve("waiting")])).toBe("waiting");
  const third = norms.add(share(2, 0, textOf(0, 12), textOf(1, 1)));
  for (const answer of [first, second, third, again]) expect(await answer).toEqual([169, 6]);
  expect(await norms.add(share(2, 0, textOf(0, 12), textOf(1, 1)))).toEqual([169, 6]);

  const next = [0, 1, 2].map((shard) => norms.add(share(shard, 1, textOf(1))));
  expect(await Promise.all(next)).toEqual([[3], [3], [3]]);
  expect(await norms.add(share(1, 0, textOf(3), textOf()))).toEqual([169, 6]);
});

test("a step has its rounds one after the other", async () => {
  const norms = new Norms(1, 2, 3);
  expect(await norms.add({ ...share(0, 3, textOf(1)), round: 0 })).toEqual([1]);
  expect(() => norms.add({ ...share(0, 4, textOf(1)), round: 0 })).toThrow("squares of round 8");
  expect(await norms.add({ ...share(0, 3, textOf(2)), round: 1 })).toEqual([4]);
  expect(await norms.add({ ...share(0, 4, textOf(3)), round: 0 })).toEqual([9]);
  expect(() => norms.add({ ...share(0, 4, textOf(3)), round: 2 })).toThrow("squares of round 2");
});

test("steps that cannot be, and squares that are none, are refused", () => {
  const norms = new Norms(2, 1, 5);
  expect(() => norms.add(share(0, 4, textOf(1)))).toThrow(
    "squares of round 4 came while the newest are of 5",
  );
  expect(() => norms.add(share(0, 6, textOf(1)))).toThrow("squares of round 6");
  expect(() => norms.add(share(2, 5, textOf(1)))).toThrow("from shard 2");
  expect(() => norms.add(share(0, 5, "many"))).toThrow('"many" came for squares');
  void norms.add(share(0, 5, textOf(1)));
  expect(() => norms.add(share(1, 5))).toThrow("squares of 0 vectors came, wanted 1");
});

test("whoever waits when the placement ends is told so", async () => {
  const norms = new Norms(2, 1, 0);
  const waiting = norms.add(share(0, 0, textOf(1)));
  norms.close(new Error("it is over"));
  await expect(waiting).rejects.toThrow("it is over");
});
