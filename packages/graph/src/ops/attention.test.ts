import { describe, expect, test } from "vitest";
import {
  evaluate,
  graphBuilder,
  type NDArray,
  numbersOf,
  type PlainAttributes,
  type Shape,
} from "../index.ts";
import { attention } from "./attention.ts";
import { bool, type Case, compareKernels, f32, i64, waves } from "./kernels.fixture.ts";

const [q, k, v] = [waves([2, 2, 3, 4], 1), waves([2, 2, 5, 4], 2), waves([2, 2, 5, 3], 3)];
const [pastKey, pastValue] = [waves([2, 2, 2, 4], 4), waves([2, 2, 2, 3], 5)];
const causal = { is_causal: 1 };
const none = -Infinity;
const [zeros, twos] = [f32([1, 1, 2, 1], [0, 0]), f32([1, 1, 2, 1], [2, 2])];

const attend = (
  inputs: readonly (NDArray | undefined)[],
  attributes: PlainAttributes = {},
  outputs = 1,
): Case => ({ op: "Attention", inputs, attributes, outputs });

const masks = [
  waves([3, 5], 6),
  waves([2, 3, 5], 7),
  waves([1, 3, 5], 8),
  waves([2, 1, 3, 5], 9),
  waves([2, 2, 3, 5], 10),
  bool([3, 5], [1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1]),
  bool(
    [2, 1, 3, 5],
    Array.from({ length: 30 }, (_, i) => (i * i) % 3),
  ),
  f32([3, 5], [0, none, 1, 0, 1, none, none, none, none, none, none, 1, 0, 0, 0]),
];

compareKernels(attention, [
  attend([q, k, v]),
  attend([q, k, v], {}, 3),
  attend([q, k, v], { scale: 0.3 }),
  attend([q, k, v], { softcap: 0.7 }),
  attend([q, k, v], causal),
  ...masks.flatMap((mask) => [attend([q, k, v, mask]), attend([q, k, v, mask], causal)]),
  attend([q, k, v, masks[0]], { softcap: 0.7, is_causal: 1 }),
  attend([q, k, v, undefined, pastKey, pastValue], {}, 3),
  attend([q, k, v, undefined, pastKey, pastValue], causal, 3),
  attend([q, k, v, waves([3, 7], 6), pastKey, pastValue], causal, 3),
  ...[0, 1, 2, 3].map((mode) =>
    attend([q, k, v, masks[0]], { softcap: 0.5, qk_matmul_output_mode: mode }, 4),
  ),
  attend([q, k, v, masks[5]], { qk_matmul_output_mode: 3 }, 4),
  attend([waves([2, 4, 3, 4], 1), k, v, waves([4, 3, 5], 2)], causal),
  attend([waves([2, 4, 3, 4], 1), k, v, undefined, pastKey, pastValue], causal, 4),
  attend([waves([2, 4, 3, 4], 1), waves([2, 1, 5, 4], 2), waves([2, 1, 5, 4], 3)]),
  attend([waves([2, 3, 8], 1), waves([2, 5, 8], 2), waves([2, 5, 6], 3)], {
    q_num_heads: 2,
    kv_num_heads: 2,
  }),
  attend(
    [waves([2, 3, 16], 1), waves([2, 5, 8], 2), waves([2, 5, 6], 3), masks[3], undefined],
    { q_num_heads: 4, kv_num_heads: 2, is_causal: 1, qk_matmul_output_mode: 1 },
    4,
  ),
  attend(
    [waves([2, 3, 8], 1), waves([2, 5, 8], 2), waves([2, 5, 6], 3), undefined, pastKey, pastValue],
    { q_num_heads: 2, kv_num_heads: 2, is_causal: 1 },
    3,
  ),
  // A single query with a past sees all that is new in onnxruntime, where the standard has it see the first.
  {
    ...attend(
      [f32([1, 1, 1, 1], [1]), zeros, f32([1, 1, 2, 1], [4, 8]), undefined, zeros, twos],
      causal,
    ),
    expected: [f32([1, 1, 1, 1], [(2 + 2 + 4) / 3])],
  },
  ...[0, 1].flatMap((interleaved) => [
    turn([waves([2, 2, 3, 4], 1), waves([2, 3, 2], 2), waves([2, 3, 2], 3)], { interleaved }),
    turn([waves([2, 2, 3, 6], 1), waves([2, 3, 2], 2), waves([2, 3, 2], 3)], {
      interleaved,
      rotary_embedding_dim: 4,
    }),
    turn([waves([2, 3, 8], 1), waves([2, 3, 2], 2), waves([2, 3, 2], 3)], {
      interleaved,
      num_heads: 2,
    }),
    turn([waves([2, 3, 12], 1), waves([5, 2], 2), waves([5, 2], 3), at(0, 4, 2, 2, 1, 0)], {
      interleaved,
      num_heads: 2,
      rotary_embedding_dim: 4,
    }),
  ]),
]);

function turn(inputs: readonly NDArray[], attributes: PlainAttributes): Case {
  return { op: "RotaryEmbedding", inputs, attributes };
}

function at(...positions: readonly number[]): NDArray {
  return i64([2, 3], positions);
}

function run({ op, inputs, attributes = {}, outputs = 1 }: Case): readonly NDArray[] {
  const g = graphBuilder(op);
  const names = inputs.map((_, index) => `x${index}`);
  const x = inputs.map((input, index) => input && g.input(names[index]!, input.type, input.shape));
  for (const [index, value] of g.node(op, x, attributes, { outputs }).entries())
    g.output(`y${index}`, value);
  const fed = inputs.flatMap((input, index) => (input ? [[names[index]!, input] as const] : []));
  return Object.values(evaluate(g.build(), Object.fromEntries(fed)));
}

describe("what onnxruntime has no kernel for", () => {
  const full = run(attend([q, k, v, bool([3, 5], [1, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 0, 0, 1, 1])]));

  test("a mask of keys alone is that of every query", () => {
    for (const shape of [[5], [1, 5], [1, 1, 1, 5]])
      expect(run(attend([q, k, v, bool(shape, [1, 0, 0, 1, 1])]))).toEqual(full);
  });

  test("what is added to all keys alike changes nothing", () => {
    const [y] = run(attend([q, k, v, waves([3, 1], 1)]));
    const [plain] = run(attend([q, k, v]));
    for (const [at, number] of numbersOf(y!).entries())
      expect(number).toBeCloseTo(numbersOf(plain!)[at]!, 12);
  });

  test("where a query must not look, the score is minus infinity", () => {
    const mask = bool([2, 2], [1, 0, 1, 1]);
    const one = f32([1, 1, 2, 1], [1, 2]);
    for (const given of [attend([one, one, one, mask]), attend([one, one, one], causal)]) {
      const attributes = { ...given.attributes, qk_matmul_output_mode: 2 };
      const [, , , scores] = run({ ...given, attributes, outputs: 4 });
      expect([...numbersOf(scores!)]).toEqual([1, none, 2, 4]);
    }
  });

  test("without the presents, the past is seen all the same", () => {
    const inputs = [q, k, v, undefined, pastKey, pastValue];
    expect(run(attend(inputs))).toEqual(run(attend(inputs, {}, 3)).slice(0, 1));
  });
});

test("shapes keep the names of sizes", () => {
  const g = graphBuilder("shapes");
  const input = (name: string, shape: Shape) => g.input(name, "FP32", shape);
  const [x, y] = [input("x", ["batch", "seq", 8]), input("y", ["batch", "keys", 4])];
  const heads = { q_num_heads: 4, kv_num_heads: 2 };
  const made = g.node("Attention", [x, y, y], heads, { outputs: 4 });
  expect(made.map(({ shape }) => shape)).toEqual([
    ["batch", "seq", 8],
    ["batch", 2, "keys", 2],
    ["batch", 2, "keys", 2],
    ["batch", 4, "seq", "keys"],
  ]);
  const cache = input("cache", ["batch", "seq", 1]);
  const turned = g.node("RotaryEmbedding", [x, cache, cache], { num_heads: 4 });
  expect(turned.shape).toEqual(["batch", "seq", 8]);
});

const flat = waves([2, 3, 8], 1);
const angles = waves([2, 3, 2], 2);
const longer = waves([2, 4, 2], 2);
const table = waves([5, 2], 2);
const three = { q_num_heads: 3, kv_num_heads: 3 };

describe("refuses", () => {
  test.each<[string, RegExp, Case]>([
    [
      "a past of keys without one of values",
      /wanted together/,
      attend([q, k, v, undefined, pastKey]),
    ],
    ["heads of other sizes", /is 4 on one side and 3/, attend([q, waves([2, 2, 5, 3], 1), v])],
    [
      "heads that do not share evenly",
      /3 heads of queries/,
      attend([waves([2, 3, 3, 4], 1), k, v]),
    ],
    ["fewer values than keys", /is 5 on one side and 4/, attend([q, k, waves([2, 2, 4, 3], 1)])],
    ["another number of axes", /3 axes each or with 4/, attend([q, flat, flat])],
    ["heads side by side that are not counted", /how many heads/, attend([flat, flat, flat])],
    [
      "a count that does not divide",
      /8 elements do not fall into 3/,
      attend([flat, flat, flat], three),
    ],
    [
      "another count than there is",
      /is 2 on one side and 1/,
      attend([q, k, v], { q_num_heads: 1 }),
    ],
    ["a mask for other queries", /do not broadcast/, attend([q, k, v, waves([4, 5], 1)])],
    ["a mask of whole numbers", /attn_mask is INT64/, attend([q, k, v, i64([1], [1])])],
    ["a mask without axes", /has no axis of keys/, attend([q, k, v, f32([], [1])])],
    ["a scale of zero", /scale is 0, more/, attend([q, k, v], { scale: 0 })],
    ["an unknown mode", /none of 0 to 3/, attend([q, k, v], { qk_matmul_output_mode: 4 })],
    ["an unknown precision", /7 is none of 1/, attend([q, k, v], { softmax_precision: 7 })],
    ["an odd number to turn", /3 elements/, turn([q, angles, angles], { rotary_embedding_dim: 3 })],
    [
      "more to turn than there is",
      /more than the 4/,
      turn([q, angles, angles], { rotary_embedding_dim: 6 }),
    ],
    ["angles for another length", /is 4 on one side and 3/, turn([q, longer, longer], {})],
    ["angles by place without positions", /differ in rank/, turn([q, table, table], {})],
    ["sines for other pairs", /is 1 on one side and 2/, turn([q, angles, waves([2, 3, 1], 1)], {})],
    ["heads side by side, not counted", /num_heads is wanted/, turn([flat, angles, angles], {})],
    [
      "a position before the first",
      /position -1/,
      turn([q, table, table, at(0, 0, 0, 0, 0, -1)], {}),
    ],
    [
      "a position behind the last",
      /position 5 is outside the 5/,
      turn([q, table, table, at(0, 0, 0, 0, 0, 5)], {}),
    ],
  ])("%s", (_, message, given) => {
    expect(() => run(given)).toThrow(message);
  });
});
