import { type DataType, fromRaw, type Tensor, tensor, toRaw } from "@amaas/tensor";
import fc from "fast-check";
import { expect, test } from "vitest";
import { assemble, divide } from "./assemble.ts";
import type { Feeds, Signature } from "./request.ts";
import { Slabs } from "./slabs.ts";

const signature: Signature = {
  inputs: [
    { name: "pixels", type: "FP32", shape: ["rows", 3] },
    { name: "flags", type: "BOOL", shape: ["rows"] },
    { name: "words", type: "BYTES", shape: ["rows", 2] },
    { name: "ids", type: "INT64", shape: ["rows", 1] },
  ],
  outputs: [],
};

const row = fc.record({
  pixels: fc.tuple(fc.float(), fc.float(), fc.float()),
  flag: fc.boolean(),
  words: fc.tuple(fc.string(), fc.string()),
  id: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
});
type Row = typeof row extends fc.Arbitrary<infer T> ? T : never;

/** As they come off the wire: at any place in a message. */
function received<T extends Exclude<DataType, "BYTES">>(value: Tensor<T>, offset: number): Tensor {
  const raw = toRaw(value);
  const message = new Uint8Array(offset + raw.byteLength);
  message.set(raw, offset);
  return fromRaw(value.type, value.shape, message.subarray(offset));
}

const feedsOf = (rows: readonly Row[], offset: number): Feeds => ({
  pixels: received(
    tensor("FP32", [rows.length, 3], Float32Array.from(rows.flatMap(({ pixels }) => pixels))),
    offset,
  ),
  flags: received(
    tensor(
      "BOOL",
      [rows.length],
      Uint8Array.from(rows, ({ flag }) => Number(flag)),
    ),
    offset,
  ),
  words: tensor(
    "BYTES",
    [rows.length, 2],
    rows.flatMap(({ words }) => words),
  ),
  ids: received(
    tensor(
      "INT64",
      [rows.length, 1],
      BigInt64Array.from(rows, ({ id }) => id),
    ),
    offset,
  ),
});

test("each request gets its own rows back, in whatever memory they were put together", () => {
  const slabs = new Slabs(2 ** 20);
  const requests = fc.array(
    fc.tuple(fc.array(row, { maxLength: 4 }), fc.integer({ min: 0, max: 9 })),
    {
      minLength: 1,
      maxLength: 5,
    },
  );
  fc.assert(
    fc.property(requests, (made) => {
      const { feeds, free } = assemble(
        made.map(([rows, offset]) => feedsOf(rows, offset)),
        signature,
        slabs,
      );
      const parts = divide(
        feeds,
        made.map(([rows]) => rows.length),
      );
      expect(parts).toEqual(made.map(([rows]) => feedsOf(rows, 0)));
      for (const { data } of Object.values(feeds))
        if (!Array.isArray(data)) expect(data.buffer).toBeInstanceOf(SharedArrayBuffer);
      free();
    }),
  );
});

test("memory is used again, and what is kept is bounded", () => {
  const slabs = new Slabs(16_384);
  const first = slabs.take(5000);
  slabs.give(first);
  expect(slabs.take(8000)).toBe(first);
  const large = slabs.take(20_000);
  slabs.give(large);
  expect(slabs.take(20_000)).not.toBe(large);
});

test("an output with other rows than were put in is nobody's", () => {
  const outputs = { sum: tensor("FP32", [1], Float32Array.of(3)) };
  expect(() => divide(outputs, [1, 1])).toThrow(
    "output 'sum' has the shape [1] after a run of 2 rows",
  );
  expect(divide(outputs, [2])).toEqual([outputs]);
});
