/** Random graphs of known operators, most of them nonsense: any inputs, any attributes, any sizes. */
import type { FixedType, Tensor } from "@amaas/tensor";
import fc from "fast-check";
import { type Attribute, defaultOpset, type Graph, type Node, type ValueInfo } from "./graph.ts";
import { tensorOf } from "./ndarray.ts";
import type { Operator } from "./operator.ts";
import { operators } from "./ops/index.ts";

const inputs: readonly ValueInfo[] = [
  { name: "x", type: "FP32", shape: ["n", 4] },
  { name: "k", type: "INT64", shape: [3] },
  { name: "b", type: "BOOL", shape: ["n", 1] },
];

const wild = fc.constantFrom(-(2 ** 53) + 1, -65, -2, -1, 0, 1, 2, 3, 4, 64, 2 ** 31, 2 ** 40);
const small = fc.integer({ min: -2, max: 3 });
const whole = fc.oneof({ weight: 4, arbitrary: small }, { weight: 1, arbitrary: wild });

const constant: fc.Arbitrary<Tensor> = fc
  .tuple(
    fc.constantFrom<FixedType>("INT64", "INT64", "INT32", "FP32", "FP64"),
    fc.array(fc.nat(3), { maxLength: 2 }),
    fc.array(whole, { minLength: 9, maxLength: 9 }),
  )
  .map(([type, shape, numbers]) => {
    const count = shape.reduce((product, size) => product * size, 1);
    return tensorOf(type, shape, numbers.slice(0, count));
  });

const attribute = (kind: Attribute["kind"]): fc.Arbitrary<Attribute> => {
  if (kind === "ints") return fc.array(whole, { maxLength: 4 }).map((value) => ({ kind, value }));
  if (kind === "float")
    return fc.constantFrom(0, 1.5, Number.NaN).map((value) => ({ kind, value }));
  if (kind === "tensor") return constant.map((value) => ({ kind, value }));
  if (kind === "string")
    return fc.constantFrom("add", "none", "nonsense").map((value) => ({ kind, value }));
  return whole.map((value) => ({ kind: "int", value }));
};

function nodeOf(op: string, name: string, values: readonly string[]): fc.Arbitrary<Node> {
  const described: Operator = operators[op as keyof typeof operators];
  const attributes = Object.fromEntries(
    Object.entries(described.attributes).map(([key, { kind }]) => [key, attribute(kind)]),
  );
  return fc
    .record({
      given: fc.array(fc.constantFrom("", ...values, ...values), {
        minLength: described.inputs.filter((slot) => !slot.endsWith("?")).length,
        maxLength: described.inputs.length + (described.inputs[0]?.startsWith("...") ? 2 : 0),
      }),
      chosen: fc.record(attributes).chain((all) => fc.subarray(Object.entries(all))),
      count: op === "Split" ? fc.integer({ min: 1, max: 3 }) : fc.constant(1),
    })
    .map(({ given, chosen, count }) => ({
      op,
      domain: "",
      name,
      inputs: given,
      outputs: Array.from({ length: count }, (_, index) => `${name}.${index}`),
      attributes: Object.fromEntries(chosen),
    }));
}

/** A few nodes, each of which may use all that came before. */
export const anyGraph: fc.Arbitrary<Graph> = fc
  .tuple(fc.array(constant, { minLength: 2, maxLength: 3 }), fc.integer({ min: 1, max: 3 }))
  .chain(([constants, count]) => {
    const initializers = new Map(constants.map((value, index) => [`c${index}`, value]));
    const values = [...inputs.map(({ name }) => name), ...initializers.keys()];
    const nodes = Array.from({ length: count }, (_, index) => {
      const known = [...values, ...Array.from({ length: index }, (__, before) => `n${before}.0`)];
      return fc
        .constantFrom(...Object.keys(operators))
        .chain((op) => nodeOf(op, `n${index}`, known));
    });
    return fc.tuple(...nodes).map((made) => ({
      name: "any",
      opsets: { "": defaultOpset },
      inputs,
      outputs: [{ name: "x", type: "FP32", shape: ["n", 4] } as const],
      initializers,
      nodes: made,
    }));
  });
