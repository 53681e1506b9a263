import { fromRaw, tensor } from "@amaas/tensor";
import { expect, test } from "vitest";
import type { Feeds, Requested } from "./request.ts";
import { keptKey, requestKey, sameKey } from "./request-key.ts";

const input = (name: string) => ({ name, type: "FP32" as const, shape: [-1, 2] });
const signature = { inputs: [input("a"), input("b")], outputs: [] };
const floats = (...values: number[]) =>
  tensor("FP32", [values.length / 2, 2], Float32Array.from(values));
const outputs: Requested[] = [{ name: "y", classes: 0 }];
const keyOf = (feeds: Feeds, requested = outputs) => requestKey(feeds, requested, signature);

test("the same inputs in another order, at another place in memory, are the same request", () => {
  const one = keyOf({ a: floats(1, 2), b: floats(3, 4) });
  const message = new Uint8Array(9);
  message.set(new Uint8Array(Float32Array.of(1, 2).buffer), 1);
  const other = keyOf({ b: floats(3, 4), a: fromRaw("FP32", [1, 2], message.subarray(1)) });
  expect(sameKey(one, other)).toBe(true);
  expect(sameKey(keptKey(one), other)).toBe(true);
  expect(one.hash).toBe(other.hash);
});

test.each<[string, Feeds, Requested[]]>([
  ["bytes", { a: floats(1, 2), b: floats(3, 5) }, outputs],
  ["inputs, exchanged", { a: floats(3, 4), b: floats(1, 2) }, outputs],
  ["division of the same bytes", { a: floats(1, 2, 3, 4), b: floats() }, outputs],
  ["type", { a: tensor("INT32", [1, 2], Int32Array.of(1, 2)), b: floats(3, 4) }, outputs],
  ["outputs", { a: floats(1, 2), b: floats(3, 4) }, [{ name: "z", classes: 0 }]],
  ["classes", { a: floats(1, 2), b: floats(3, 4) }, [{ name: "y", classes: 1 }]],
])("another request: %s", (_, feeds, requested) => {
  const one = keyOf({ a: floats(1, 2), b: floats(3, 4) });
  const other = keyOf(feeds, requested);
  expect(sameKey(one, other)).toBe(false);
  // Not even if their hashes were the same.
  expect(sameKey(one, { ...other, hash: one.hash })).toBe(false);
});
