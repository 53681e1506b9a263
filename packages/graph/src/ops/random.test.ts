import { openSession } from "@amaas/engine";
import { onnxTypeOf } from "@amaas/tensor";
import { expect, test } from "vitest";
import {
  evaluate,
  graphBuilder,
  modelOf,
  type PlainAttributes,
  toTensor,
  writeModel,
} from "../index.ts";
import { a } from "./kernels.fixture.ts";
import { random } from "./random.ts";

interface Case {
  readonly op: keyof typeof random;
  readonly attributes: PlainAttributes;
}

const fp64 = onnxTypeOf("FP64");
const cases: readonly Case[] = [
  { op: "RandomNormal", attributes: { shape: [2, 3] } },
  { op: "RandomNormal", attributes: { shape: [4], mean: 1, scale: 2, dtype: fp64 } },
  { op: "RandomUniform", attributes: { shape: [], low: -1, high: 1 } },
  { op: "RandomNormalLike", attributes: {} },
  { op: "RandomUniformLike", attributes: { dtype: fp64, seed: 2 } },
  { op: "Bernoulli", attributes: {} },
  { op: "Bernoulli", attributes: { dtype: onnxTypeOf("BOOL") } },
  { op: "Multinomial", attributes: { sample_size: 5 } },
  { op: "Multinomial", attributes: { dtype: onnxTypeOf("INT64") } },
];

test("every operator is tried", () => {
  expect([...new Set(cases.map(({ op }) => op))].sort()).toEqual(Object.keys(random).sort());
});

test.each(cases)(
  "$op $attributes is of the type that the engine makes",
  async ({ op, attributes }) => {
    const g = graphBuilder(op);
    const inputs = random[op].inputs.map(() => g.input("x", "FP32", ["rows", 3]));
    // As floats, which the engine always puts out; the attributes themselves are of kind float.
    const made = g.node(op, inputs, attributes);
    g.output("y", made);
    const graph = g.build();
    const feeds = inputs.length > 0 ? { x: { ...a, data: a.data } } : {};
    expect(() => evaluate(graph, feeds)).toThrow("engine's own generator");
    const session = await openSession(writeModel(modelOf(graph)));
    const { y } = await session.run(inputs.length > 0 ? { x: toTensor(a) } : {});
    await session.release();
    expect(y!.type).toBe(made.type);
    expect(y!.shape).toEqual(made.shape!.map((size) => (size === "rows" ? 2 : size)));
  },
);
