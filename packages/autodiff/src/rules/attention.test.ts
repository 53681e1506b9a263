import {
  evaluate,
  type FloatType,
  type Graph,
  graphBuilder,
  type NDArray,
  ndarray,
  numbersOf,
  type PlainAttributes,
  type Shape,
} from "@amaas/graph";
import fc from "fast-check";
import { expect, test } from "vitest";
import { gradient, gradientName } from "../index.ts";
import { array, type Build, type Case, feedsOf } from "../oracle.fixture.ts";
import { attention } from "./attention.ts";
import { arrays, judge } from "./judge.fixture.ts";

const small = fc.integer({ min: 1, max: 2 });
const length = fc.integer({ min: 1, max: 3 });
const gentle = fc.integer({ min: -12, max: 12 }).map((n) => n / 16 + 1 / 64);

const sizes = fc.record({
  batch: small,
  keyHeads: small,
  group: small,
  queries: length,
  keys: length,
  past: fc.option(small, { nil: 0 }),
  width: small,
  valueWidth: small,
});
type Sizes = typeof sizes extends fc.Arbitrary<infer T> ? T : never;

const forms = fc.record({
  flat: fc.boolean(),
  mask: fc.constantFrom("none", "boolean", "added"),
  /** Which axes of the mask are stretched, and how many are left out. */
  stretched: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
  without: fc.nat(3),
  is_causal: fc.constantFrom(0, 1),
  scale: fc.constantFrom(undefined, undefined, 0.75),
  softcap: fc.constantFrom(0, 0, 0.75),
  softmax_precision: fc.constantFrom(undefined, 11),
  qk_matmul_output_mode: fc.constantFrom(undefined, 0, 1, 2, 3),
  engine: fc.constantFrom("FP32" as const, undefined),
});
type Form = typeof forms extends fc.Arbitrary<infer T> ? T : never;

function inputsOf(s: Sizes, { flat, stretched, without }: Form) {
  const heads = s.keyHeads * s.group;
  const placed = (heads: number, rows: number, width: number) =>
    flat ? [s.batch, rows, heads * width] : [s.batch, heads, rows, width];
  const full = [s.batch, heads, s.queries, s.past + s.keys];
  const mask = full.map((size, axis) => (stretched[axis] ? 1 : size)).slice(without);
  const count = mask.reduce((product, size) => product * size, 1);
  return fc.record({
    q: arrays(placed(heads, s.queries, s.width), gentle),
    k: arrays(placed(s.keyHeads, s.keys, s.width), gentle),
    v: arrays(placed(s.keyHeads, s.keys, s.valueWidth), gentle),
    boolean: fc
      .array(fc.boolean(), { minLength: count, maxLength: count })
      .map((each) => ndarray("BOOL", mask, each.map(Number))),
    added: arrays(mask, gentle),
    pastKey: arrays([s.batch, s.keyHeads, s.past, s.width], gentle),
    pastValue: arrays([s.batch, s.keyHeads, s.past, s.valueWidth], gentle),
  });
}
type Inputs = Record<"q" | "k" | "v" | "boolean" | "added" | "pastKey" | "pastValue", NDArray>;

function caseOf(s: Sizes, form: Form, given: Inputs): Case {
  const { flat, mask, stretched: _, without: __, engine, ...attributes } = form;
  const heads = { q_num_heads: s.keyHeads * s.group, kv_num_heads: s.keyHeads };
  const slots: readonly (NDArray | undefined)[] = [
    given.q,
    given.k,
    given.v,
    mask === "none" ? undefined : given[mask as "boolean" | "added"],
    s.past ? given.pastKey : undefined,
    s.past ? given.pastValue : undefined,
  ];
  const build: Build = (g, x) => {
    const values = x.values();
    const all = slots.map((slot) => (slot ? values.next().value : undefined));
    const own = flat ? { ...attributes, ...heads } : attributes;
    const [y, keys, found, stage] = g.node("Attention", all, own, { outputs: 4 });
    // Bounded, since the products may be minus infinity by then.
    const shown = attributes.qk_matmul_output_mode === undefined ? [] : [g.sigmoid(stage!)];
    return g.concat(
      [y!, keys!, found!, ...shown].map((value) => g.reshape(value, [-1])),
      0,
    );
  };
  const inputs = slots.filter((slot) => slot !== undefined);
  return { build, inputs, ...(engine && { engine }) };
}

const attend = fc
  .tuple(sizes, forms)
  .chain(([s, form]) => inputsOf(s, form).map((given) => caseOf(s, form, given)));

const turns = fc
  .record({
    batch: small,
    heads: small,
    length,
    pairs: small,
    rest: fc.constantFrom(0, 0, 1, 2),
    more: fc.nat(2),
    flat: fc.boolean(),
    interleaved: fc.constantFrom(0, 1),
    byPosition: fc.boolean(),
  })
  .chain(({ batch, heads, length, pairs, rest, more, flat, interleaved, byPosition }) => {
    const width = 2 * pairs + rest;
    const rows = length + more;
    const angles = byPosition ? [rows, pairs] : [batch, length, pairs];
    const attributes: PlainAttributes = {
      interleaved,
      ...(rest > 0 && { rotary_embedding_dim: 2 * pairs }),
      ...(flat && { num_heads: heads }),
    };
    const x = flat ? [batch, length, heads * width] : [batch, heads, length, width];
    const positions = fc
      .array(fc.nat(rows - 1), { minLength: batch * length, maxLength: batch * length })
      .map((each) => ndarray("INT64", [batch, length], each));
    return fc.tuple(arrays(x, gentle), arrays(angles), arrays(angles), positions).map(
      ([x, cos, sin, positions]): Case => ({
        build: (g, given) => g.node("RotaryEmbedding", given, attributes),
        inputs: byPosition ? [x, cos, sin, positions] : [x, cos, sin],
        engine: "FP32",
      }),
    );
  });

judge(
  attention,
  { Attention: attend, RotaryEmbedding: turns },
  { runs: { differences: 80, second: 10, engine: 25 } },
);

/** The gradient of the sum of what attention makes of inputs x0, x1, ... */
function derived(
  shapes: readonly Shape[],
  attributes: PlainAttributes,
  types: readonly FloatType[] = [],
): Graph {
  const g = graphBuilder("attention");
  const x = shapes.map((shape, index) => g.input(`x${index}`, types[index] ?? "FP64", shape));
  const y = g.node("Attention", x, attributes);
  g.output("loss", g.reduceSum(y, undefined, { keepdims: false }));
  return gradient(g.build(), { loss: "loss", wrt: x.map((_, index) => `x${index}`) });
}

test("a query that may look at nothing finds nothing, and nothing is learned from it", () => {
  const none = -Infinity;
  const [q, kv] = [array([1, 1, 2, 1], [1, 2]), array([1, 1, 2, 1], [3, 5])];
  const mask = array([2, 2], [0, 1, none, none]);
  const inputs = [q, kv, kv, mask];
  const shapes = inputs.map(({ shape }) => shape);
  const found = evaluate(derived(shapes, {}), feedsOf(inputs));
  const gradients = inputs.map((_, index) => [...numbersOf(found[gradientName(`x${index}`)]!)]);
  const share = 1 / (1 + Math.exp(2 + 1));
  const slope = share * (1 - share) * 2;
  const [ofQuery, ofKey, ofValue, ofMask] = gradients;
  expect(ofQuery![0]).toBeCloseTo(slope * 2, 12);
  expect(ofQuery![1]).toBe(0);
  expect(ofKey![1]).toBeCloseTo(slope, 12);
  expect(ofValue![1]).toBeCloseTo(1 - share, 12);
  expect(ofMask![1]).toBeCloseTo(slope, 12);
  expect(ofMask!.slice(2)).toEqual([0, 0]);
});

test("values and a mask of another type have gradients of their own", () => {
  const shapes = [
    [1, 1, 2, 1],
    [1, 1, 2, 1],
    [1, 1, 2, 1],
    [2, 2],
  ];
  const found = derived(shapes, {}, ["FP64", "FP64", "FP32", "FP16"]).outputs;
  expect(found.slice(1).map(({ type }) => type)).toEqual(["FP64", "FP64", "FP32", "FP16"]);
});

test("shared heads of keys are not repeated, and sizes that have names are known to agree", () => {
  const kv = ["batch", "keys", 4];
  const attributes = { q_num_heads: 4, kv_num_heads: 2, is_causal: 1 };
  const { nodes } = derived([["batch", "queries", 8], kv, kv], attributes);
  const count = (...ops: readonly string[]) => nodes.filter(({ op }) => ops.includes(op)).length;
  // The gradient of the loss itself is one of them.
  expect(count("Expand", "Tile")).toBe(1);
  // Which axes were stretched is not left to be found out.
  expect(count("NonZero")).toBe(0);
});
