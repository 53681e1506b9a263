/** What the tests of kernels share: inputs of each kind, and the comparison of a kernel with the engine. */
import { openSession } from "@amaas/engine";
import { elementCount } from "@amaas/tensor";
import { expect, test } from "vitest";
import {
  evaluate,
  fromTensor,
  graphBuilder,
  modelOf,
  type NDArray,
  ndarray,
  numbersOf,
  type Operator,
  type PlainAttributes,
  toTensor,
  type Value,
  writeModel,
} from "../index.ts";

export interface Case {
  readonly op: string;
  readonly inputs: readonly (NDArray | undefined)[];
  readonly attributes?: PlainAttributes;
  readonly outputs?: number;
  readonly domain?: string;
  /** The inputs that are constants of the graph, as engines want those that say what shape comes out. */
  readonly constants?: readonly number[];
  /** What it makes, where onnxruntime has no kernel for it or one that is wrong. */
  readonly expected?: readonly NDArray[];
}

export const f32 = (shape: readonly number[], data: readonly number[]) =>
  ndarray("FP32", shape, data);
export const i64 = (shape: readonly number[], data: readonly number[]) =>
  ndarray("INT64", shape, data);
export const i32 = (shape: readonly number[], data: readonly number[]) =>
  ndarray("INT32", shape, data);
export const bool = (shape: readonly number[], data: readonly number[]) =>
  ndarray("BOOL", shape, data);
export const text = (shape: readonly number[], data: readonly string[]) =>
  ndarray("BYTES", shape, data);

export const a = f32([2, 3], [0.5, -1.5, 2, -0.25, 0, 3]);
export const b = f32([3], [2, -4, 0.5]);
export const positive = f32([2, 3], [0.5, 1.5, 2, 0.25, 1, 3]);
export const whole = i64([2, 3], [7, -7, 9, 4, 0, -5]);
export const divisor = i64([3], [2, 2, -4]);
export const cube = f32(
  [2, 2, 3],
  [3, 1, 2, 6, 5, 4, 9, 9, 7, 10, -1, 11].map((n) => n / 4),
);
export const words = text([2, 2], ["a", "ü", "", "a"]);
export const nan = f32([4], [1, Number.NaN, -2, Number.NaN]);

/** Numbers without a pattern that a kernel could fall in with, the same ones every time. */
export const waves = (shape: readonly number[], seed: number) =>
  f32(
    shape,
    Array.from({ length: elementCount(shape) }, (_, i) => Math.fround(3 * Math.sin(seed + i * i))),
  );

export const each = (ops: readonly string[], ...inputs: readonly NDArray[]): readonly Case[] =>
  ops.map((op) => ({ op, inputs }));

/** The graph of one node; its inputs with their sizes known, or each size a symbol. */
function graphOf(given: Case, symbolic: boolean) {
  const { op, inputs, attributes, outputs = 1, domain = "", constants = [] } = given;
  const g = graphBuilder(op);
  const x = inputs.map((input, index): Value | undefined => {
    if (!input) return undefined;
    if (constants.includes(index)) return g.initializer(`x${index}`, toTensor(input));
    const sizes = symbolic ? input.shape.map((_, axis) => `s${index}_${axis}`) : input.shape;
    return g.input(`x${index}`, input.type, sizes);
  });
  const y = g.node(op, x, attributes, { domain, outputs });
  for (const [index, value] of y.entries()) {
    const shape = value.shape ?? evaluated(given)[index]!.shape;
    g.output(`y${index}`, value, { shape });
  }
  return g.build();
}

function evaluated(given: Case): readonly NDArray[] {
  return Object.values(evaluate(graphOf(given, false), feedsOf(given)));
}

function feedsOf({ inputs, constants = [] }: Case): Readonly<Record<string, NDArray>> {
  const fed = inputs.flatMap((input, index) =>
    input && !constants.includes(index) ? [[`x${index}`, input] as const] : [],
  );
  return Object.fromEntries(fed);
}

/**
 * Each kernel of a family against the engine, in the types and forms that its attributes allow; every operator
 * must have a case.
 */
export function compareKernels(
  family: Readonly<Record<string, Operator>>,
  cases: readonly Case[],
): void {
  test("every operator is compared", () => {
    const compared = [...new Set(cases.map(({ op }) => op))].sort();
    expect(compared).toEqual(Object.keys(family).sort());
  });

  test.each(cases)("$op $attributes", compare);
}

async function compare(given: Case): Promise<void> {
  const expected = evaluate(graphOf(given, false), feedsOf(given));
  for (const [index, wanted] of given.expected?.entries() ?? [])
    expectSame(expected[`y${index}`]!, wanted);
  for (const symbolic of [false, true]) {
    const graph = graphOf(given, symbolic);
    expect(evaluate(graph, feedsOf(given))).toEqual(expected);
    if (given.expected) continue;
    const session = await openSession(writeModel(modelOf(graph)));
    const tensors = Object.entries(feedsOf(given)).map(([name, value]) => [name, toTensor(value)]);
    const found = await session.run(Object.fromEntries(tensors));
    await session.release();
    for (const [name, wanted] of Object.entries(expected))
      expectSame(fromTensor(found[name]!), wanted);
  }
}

function expectSame(found: NDArray, wanted: NDArray): void {
  expect([found.type, found.shape]).toEqual([wanted.type, wanted.shape]);
  if (wanted.type === "BYTES") {
    expect(found.data).toEqual(wanted.data);
    return;
  }
  const [is, want] = [numbersOf(found), numbersOf(wanted)];
  const far = is.findIndex((value, index) => !isNear(value, want[index]!));
  expect(far === -1 ? "near" : `element ${far} is ${is[far]}, not ${want[far]}`).toBe("near");
}

function isNear(is: number, want: number): boolean {
  return (
    Object.is(is, want) || is === want || Math.abs(is - want) <= 2e-5 * Math.max(1, Math.abs(want))
  );
}
