/** The reference kernels against the engine: every operator, in the types and forms that its attributes allow. */
import { openSession } from "@amaas/engine";

import { expect, test } from "vitest";
import {
  evaluate,
  fromTensor,
  graphBuilder,
  mlDomain,
  modelOf,
  type NDArray,
  ndarray,
  numbersOf,
  type PlainAttributes,
  tensorOf,
  toTensor,
  type Value,
  writeModel,
} from "../index.ts";
import { mlOperators, operators } from "./index.ts";

interface Case {
  readonly op: string;
  readonly inputs: readonly (NDArray | undefined)[];
  readonly attributes?: PlainAttributes;
  readonly outputs?: number;
  readonly domain?: string;
}

const f32 = (shape: readonly number[], data: readonly number[]) => ndarray("FP32", shape, data);
const i64 = (shape: readonly number[], data: readonly number[]) => ndarray("INT64", shape, data);
const i32 = (shape: readonly number[], data: readonly number[]) => ndarray("INT32", shape, data);
const bool = (shape: readonly number[], data: readonly number[]) => ndarray("BOOL", shape, data);
const text = (shape: readonly number[], data: readonly string[]) => ndarray("BYTES", shape, data);

const a = f32([2, 3], [0.5, -1.5, 2, -0.25, 0, 3]);
const b = f32([3], [2, -4, 0.5]);
const positive = f32([2, 3], [0.5, 1.5, 2, 0.25, 1, 3]);
const whole = i64([2, 3], [7, -7, 9, 4, 0, -5]);
const divisor = i64([3], [2, 2, -4]);
const cube = f32(
  [2, 2, 3],
  [3, 1, 2, 6, 5, 4, 9, 9, 7, 10, -1, 11].map((n) => n / 4),
);
const words = text([2, 2], ["a", "ü", "", "a"]);
const nan = f32([4], [1, Number.NaN, -2, Number.NaN]);

const each = (ops: readonly string[], ...inputs: readonly NDArray[]): readonly Case[] =>
  ops.map((op) => ({ op, inputs }));

const cases: readonly Case[] = [
  ...each(["Add", "Sub", "Mul", "Div"], a, b),
  ...each(["Add", "Sub", "Mul", "Div"], whole, divisor),
  ...each(["Pow"], positive, b),
  { op: "Pow", inputs: [a, i64([], [3])] },
  ...each(["Neg", "Abs", "Sign", "Relu", "Exp", "Tanh", "Sigmoid"], a),
  ...each(["Neg", "Abs", "Sign"], whole),
  ...each(["Log", "Sqrt"], positive),
  ...each(["Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Equal"], a, f32([], [0.5])),
  ...each(["Greater", "Less", "Equal"], whole, i64([], [4])),
  ...each(["Equal"], words, text([1], ["a"])),
  ...each(["And", "Or", "Equal"], bool([2, 1], [1, 0]), bool([2], [0, 1])),
  ...each(["Not"], bool([2], [0, 1])),
  ...each(["IsNaN"], nan),
  ...each(["Where"], bool([2, 1], [1, 0]), a, b),
  ...each(["Where"], bool([2, 1], [1, 0]), words, text([], ["x"])),
  ...each(["Where"], bool([3], [1, 0, 1]), whole, divisor),

  ...each(["MatMul"], a, f32([3, 2], [1, 2, 3, 4, 5, 6])),
  ...each(["MatMul"], b, f32([3], [1, 2, 3])),
  ...each(["MatMul"], b, f32([2, 3, 1], [1, 2, 3, 4, 5, 6])),
  ...each(["MatMul"], cube, f32([2, 1, 3, 2], [...Array(12).keys()])),
  { op: "Gemm", inputs: [a, f32([3, 2], [1, 2, 3, 4, 5, 6])] },
  {
    op: "Gemm",
    inputs: [a, f32([2, 2], [1, 2, 3, 4]), f32([2], [1, -1])],
    attributes: { alpha: 0.5, beta: 2, transA: 1, transB: 1 },
  },

  ...["ReduceSum", "ReduceMean", "ReduceMax"].flatMap((op): readonly Case[] => [
    { op, inputs: [cube] },
    { op, inputs: [cube], attributes: { keepdims: 0 } },
    { op, inputs: [cube], attributes: { noop_with_empty_axes: 1 } },
    { op, inputs: [cube, i64([2], [0, -1])] },
    { op, inputs: [cube, i64([1], [1])], attributes: { keepdims: 0 } },
  ]),
  { op: "ReduceSum", inputs: [whole, i64([1], [1])] },
  { op: "ArgMax", inputs: [cube], attributes: { axis: 1 } },
  { op: "ArgMax", inputs: [cube], attributes: { axis: -1, keepdims: 0 } },
  { op: "ArgMax", inputs: [cube], attributes: { axis: 2, select_last_index: 1 } },
  ...["Softmax", "LogSoftmax"].flatMap((op): readonly Case[] => [
    { op, inputs: [cube] },
    { op, inputs: [cube], attributes: { axis: 1 } },
  ]),

  ...each(["Identity"], words),
  ...each(["Shape", "Size"], cube),
  { op: "Shape", inputs: [cube], attributes: { start: -2, end: 2 } },
  ...([1, 6, 7, 9, 11, 2] as const).flatMap((to): readonly Case[] => [
    { op: "Cast", inputs: [f32([4], [0.5, 2.75, 0, 200])], attributes: { to } },
    { op: "Cast", inputs: [i64([3], [0, 7, 130])], attributes: { to } },
  ]),
  { op: "Cast", inputs: [i64([3], [300, -1, 2 ** 40 + 5])], attributes: { to: 2 } },
  ...each(["Reshape"], cube, i64([3], [0, -1, 2])),
  { op: "Reshape", inputs: [f32([0, 3], []), i64([2], [3, 0])], attributes: { allowzero: 1 } },
  ...each(["Squeeze"], f32([1, 2, 1], [1, 2])),
  ...each(["Squeeze"], f32([1, 2, 1], [1, 2]), i64([1], [-1])),
  ...each(["Unsqueeze"], a, i64([2], [-1, 1])),
  ...each(["Transpose"], cube),
  { op: "Transpose", inputs: [cube], attributes: { perm: [1, 2, 0] } },
  { op: "Transpose", inputs: [words] },
  ...each(["Expand"], b, i64([3], [2, 1, 3])),
  ...each(["ConstantOfShape"], i64([2], [2, 3])),
  {
    op: "ConstantOfShape",
    inputs: [i64([2], [2, 0])],
    attributes: { value: tensorOf("INT64", [1], [7]) },
  },

  { op: "Gather", inputs: [cube, i64([2], [-1, 0])], attributes: { axis: 1 } },
  // Single texts only: of a row of them, onnxruntime 1.30 gathers just the first.
  { op: "Gather", inputs: [text([3], ["a", "ü", "b"]), i32([2], [1, -1])] },
  { op: "Gather", inputs: [whole, i64([2, 2], [0, 2, 1, -1])], attributes: { axis: -1 } },
  { op: "GatherElements", inputs: [a, i64([2, 2], [0, 2, 1, -1])], attributes: { axis: 1 } },
  ...["none", "add", "mul", "min", "max"].map(
    (reduction): Case => ({
      op: "ScatterElements",
      inputs: [a, i64([2, 2], [0, 2, 1, -1]), f32([2, 2], [9, 8, -7, 6])],
      attributes: { axis: 1, reduction },
    }),
  ),
  { op: "OneHot", inputs: [i64([3], [0, -1, 5]), i64([], [3]), f32([2], [0.5, 2])] },
  {
    op: "OneHot",
    inputs: [i32([2], [1, 0]), i32([], [2]), f32([2], [0, 1])],
    attributes: { axis: 0 },
  },
  ...each(["NonZero"], a),
  ...each(["NonZero"], bool([3], [0, 0, 0])),
  { op: "Concat", inputs: [a, a, f32([2, 1], [8, 9])], attributes: { axis: -1 } },
  { op: "Concat", inputs: [words, words], attributes: { axis: 0 } },
  { op: "Split", inputs: [cube, i64([2], [1, 2])], attributes: { axis: -1 }, outputs: 2 },
  { op: "Split", inputs: [cube], attributes: { axis: 2, num_outputs: 2 }, outputs: 2 },

  {
    op: "Imputer",
    domain: mlDomain,
    inputs: [f32([2, 2], [1, Number.NaN, Number.NaN, 4])],
    attributes: { imputed_value_floats: [5, 6], replaced_value_float: Number.NaN },
  },
  {
    op: "Imputer",
    domain: mlDomain,
    inputs: [i64([2, 2], [1, -1, -1, 4])],
    attributes: { imputed_value_int64s: [9], replaced_value_int64: -1 },
  },
  {
    op: "Scaler",
    domain: mlDomain,
    inputs: [a],
    attributes: { offset: [1, 2, 3], scale: [0.5, 1, 2] },
  },
  { op: "Scaler", domain: mlDomain, inputs: [whole], attributes: { offset: [1], scale: [2] } },
  {
    op: "OneHotEncoder",
    domain: mlDomain,
    inputs: [words],
    attributes: { cats_strings: ["ü", "a"] },
  },
  {
    op: "OneHotEncoder",
    domain: mlDomain,
    inputs: [i64([2, 1], [3, 4])],
    attributes: { cats_int64s: [4, 3, 9] },
  },
];

test("every operator is compared", () => {
  const compared = [...new Set(cases.map(({ op }) => op))].sort();
  expect(compared).toEqual([...Object.keys(operators), ...Object.keys(mlOperators)].sort());
});

/** The graph of one node; its inputs with their sizes known, or each size a symbol. */
function graphOf({ op, inputs, attributes, outputs = 1, domain = "" }: Case, symbolic: boolean) {
  const g = graphBuilder(op);
  const x = inputs.map((input, index): Value | undefined => {
    if (!input) return undefined;
    const sizes = symbolic ? input.shape.map((_, axis) => `s${index}_${axis}`) : input.shape;
    return g.input(`x${index}`, input.type, sizes);
  });
  const y = g.node(op, x, attributes, { domain, outputs });
  for (const [index, value] of y.entries()) {
    const shape =
      value.shape ?? evaluated({ op, inputs, attributes, outputs, domain } as Case)[index]!.shape;
    g.output(`y${index}`, value, { shape });
  }
  return g.build();
}

function evaluated(given: Case): readonly NDArray[] {
  return Object.values(evaluate(graphOf(given, false), feedsOf(given)));
}

function feedsOf({ inputs }: Case): Readonly<Record<string, NDArray>> {
  return Object.fromEntries(inputs.flatMap((input, i) => (input ? [[`x${i}`, input]] : [])));
}

test.each(cases)("$op $attributes", async (given) => {
  const expected = evaluate(graphOf(given, false), feedsOf(given));
  for (const symbolic of [false, true]) {
    const graph = graphOf(given, symbolic);
    expect(evaluate(graph, feedsOf(given))).toEqual(expected);
    const session = await openSession(writeModel(modelOf(graph)));
    const tensors = Object.entries(feedsOf(given)).map(([name, value]) => [name, toTensor(value)]);
    const found = await session.run(Object.fromEntries(tensors));
    await session.release();
    for (const [name, wanted] of Object.entries(expected))
      expectSame(fromTensor(found[name]!), wanted);
  }
});

function expectSame(found: NDArray, wanted: NDArray): void {
  expect([found.type, found.shape]).toEqual([wanted.type, wanted.shape]);
  if (wanted.type === "BYTES") {
    expect(found.data).toEqual(wanted.data);
    return;
  }
  const rounded = Array.from(numbersOf(wanted), (value) => Number(value.toPrecision(5)));
  expect(Array.from(numbersOf(found), (value) => Number(value.toPrecision(5)))).toEqual(rounded);
}
