import { expect, test } from "vitest";
import { Averages } from "./averages.ts";
import { WeightBuffers } from "./weight-buffers.ts";

test("averages are asked for once for each version, and again after a server was joined anew", () => {
  const asked: number[] = [];
  const averages = new Averages(new WeightBuffers(2, 2), (message) => {
    if (message?.$case === "averages") asked.push(message.value.version);
  });
  const come = (shard: number, version: number) =>
    averages.take(shard, { chunk: 0, version, values: new Uint8Array(4), squares: undefined });
  expect(averages.ready(4)).toBe(false);
  expect(averages.ready(4)).toBe(false);
  come(0, 4);
  expect(averages.ready(4)).toBe(false);
  averages.forgetAsked();
  expect(averages.ready(4)).toBe(false);
  expect(asked).toEqual([4, 4]);
  come(0, 4);
  come(1, 4);
  expect(averages.ready(4)).toBe(true);
  // Of another epoch, in the other of the two buffers.
  expect(averages.ready(7)).toBe(false);
  come(1, 7);
  come(0, 7);
  expect(averages.ready(7)).toBe(true);
  expect(asked).toEqual([4, 4, 7]);
});
