import { Pass } from "@amaas/proto/amaas/parameter_server/v1/parameter_server";
import { expect, test } from "vitest";
import { WorkList } from "./work-list.ts";

const order = (version: number, ...leaves: number[]) => ({ pass: Pass.TRAINING, version, leaves });

test("leaves are computed once for a version, in runs for the threads", () => {
  const work = new WorkList(8, 2);
  work.add(order(3, 0, 1, 2, 3));
  expect(work.take(2)).toEqual([]);
  expect(work.take(3).map(({ node }) => node)).toEqual([
    { level: 1, index: 0 },
    { level: 1, index: 1 },
  ]);
  work.add(order(3, 2, 3, 4));
  expect(work.take(3).map(({ node }) => node)).toEqual([{ level: 0, index: 4 }]);
});

test("after a server was joined anew, what it orders is computed again", () => {
  const work = new WorkList(8, 1);
  work.add(order(3, 0, 1));
  work.take(3);
  work.forgetBegun();
  expect(work.take(3)).toEqual([]);
  work.add(order(3, 1));
  expect(work.take(3).map(({ node }) => node)).toEqual([{ level: 0, index: 1 }]);
});

test("orders of an older version are dropped, hostile leaves ignored", () => {
  const work = new WorkList(8, 1);
  work.add(order(1, 0));
  work.add(order(2, 7, 8, 4_000_000_000));
  expect(work.dropOlder(2)).toBe(true);
  expect(work.take(2).map(({ node }) => node)).toEqual([{ level: 0, index: 7 }]);
  expect(work.take(1)).toEqual([]);
  expect(work.dropOlder(3)).toBe(false);
});
