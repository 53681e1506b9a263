import { expect, test } from "vitest";
import { GradientBuffers, Requests } from "./requests.ts";

function contribution(gradient: Uint8Array) {
  const node = { level: 0, index: 0 };
  const value = {
    version: 0,
    ...node,
    chunk: 0,
    samples: 1,
    values: [],
    gradient,
    guidance: undefined,
    squares: undefined,
  };
  return { message: { $case: "contribution" as const, value } };
}

test("a gradient's buffer is used again once it has left, and not before", async () => {
  const buffers = new GradientBuffers();
  const requests = new Requests(buffers);
  const first = buffers.take(Uint8Array.of(1, 2, 3, 4));
  requests.push(contribution(first));
  await requests.next();
  expect(buffers.take(Uint8Array.of(5, 6, 7, 8))).not.toBe(first);
  void requests.next();
  const again = buffers.take(Uint8Array.of(9, 9, 9, 9));
  expect(again).toBe(first);
  expect([...again]).toEqual([9, 9, 9, 9]);
  expect(buffers.take(Uint8Array.of(1, 2, 3))).toHaveLength(3);
});
