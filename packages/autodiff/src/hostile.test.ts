/** Graphs of nonsense: whatever they say, there is a gradient or a refusal, soon and in little memory. */
import { isDomainError } from "@amaas/errors";
import {
  type Attribute,
  checkGraph,
  evaluate,
  type Graph,
  graphBuilder,
  type Node,
  ndarray,
  type Operator,
  operators,
  tensorOf,
} from "@amaas/graph";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { gradient } from "./index.ts";

vi.setConfig({ testTimeout: 240_000 });

const numbers = fc.constantFrom(0, 1, -1, 2, 3, 2 ** 31, -(2 ** 40), 2 ** 53 - 1);
const small = fc.constantFrom(0, 1, -1, 2, 3);
const whole = fc.oneof({ weight: 6, arbitrary: small }, { weight: 1, arbitrary: numbers });

function attributeOf(kind: Attribute["kind"]): fc.Arbitrary<Attribute | undefined> {
  switch (kind) {
    case "int":
      return whole.map((value) => ({ kind, value }));
    case "ints":
      return fc.array(whole, { maxLength: 5 }).map((value) => ({ kind, value }));
    case "float":
      return fc.constantFrom(0, 0.5, -2, Number.NaN, Infinity).map((value) => ({ kind, value }));
    case "floats":
      return fc.array(fc.constantFrom(0, 1, 2), { maxLength: 4 }).map((value) => ({ kind, value }));
    case "string":
      return fc
        .constantFrom("", "add", "mul", "SAME_UPPER", "linear", "reflect", "ij,jk->ik", "forward")
        .map((value) => ({ kind, value }));
    case "strings":
      return fc.constantFrom({ kind, value: ["Tanh"] }, { kind, value: [] });
    case "tensor":
      return fc.constant({ kind, value: tensorOf("FP32", [1], [2]) });
    case "graph":
      // Bodies have tests of their own; here they are missing.
      return fc.constant(undefined);
  }
}

function nodeOf(op: string, name: string, values: readonly string[]): fc.Arbitrary<Node> {
  const { inputs, outputs, attributes }: Operator = operators[op as keyof typeof operators];
  const least = inputs.filter((slot) => !slot.endsWith("?")).length;
  return fc
    .record({
      given: fc.array(fc.constantFrom(...values, ...values, ...values, ""), {
        minLength: least,
        maxLength: inputs.length + (inputs.at(-1)?.startsWith("...") ? 2 : 0),
      }),
      chosen: fc
        .subarray(Object.entries(attributes))
        .chain((some) =>
          fc.tuple(
            ...some.map(([key, { kind }]) =>
              attributeOf(kind).map((value) => [key, value] as const),
            ),
          ),
        ),
      count: fc.integer({ min: 1, max: Math.min(3, outputs.length + 1) }),
    })
    .map(({ given, chosen, count }) => ({
      op,
      domain: "",
      name,
      inputs: given,
      outputs: Array.from({ length: count }, (_, index) => `${name}.${index}`),
      attributes: Object.fromEntries(
        chosen.flatMap(([key, value]) => (value ? [[key, value]] : [])),
      ),
    }));
}

const constants = new Map(
  Object.entries({
    axis: tensorOf("INT64", [1], [0]),
    axes: tensorOf("INT64", [2], [-1, 0]),
    shape: tensorOf("INT64", [2], [-1, 2]),
    large: tensorOf("INT64", [2], [2 ** 31, 2 ** 31]),
    index: tensorOf("INT64", [2, 1], [0, 1]),
    flag: tensorOf("BOOL", [], [1]),
    scalar: tensorOf("FP32", [], [0.5]),
    vector: tensorOf("FP32", [4], [1, -2, 0.5, 0]),
    kernel: tensorOf("FP32", [2, 1, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]),
  }),
);

const symbolic = graphBuilder("inputs");
symbolic.input("x", "FP32", ["n", 4]);
symbolic.input("picture", "FP32", [1, 2, 4, "w"]);
const { inputs, opsets } = symbolic.build();
const feeds = {
  x: ndarray("FP32", [2, 4], [1, -2, 3, 0, 0.5, 6, -7, 8]),
  picture: ndarray(
    "FP32",
    [1, 2, 4, 4],
    Array.from({ length: 32 }, (_, i) => i / 8 - 2),
  ),
};

const anyGraph: fc.Arbitrary<Graph> = fc.integer({ min: 1, max: 3 }).chain((count) => {
  const values = [...inputs.map(({ name }) => name), "x", "picture", ...constants.keys()];
  const nodes = Array.from({ length: count }, (_, index) => {
    const made = Array.from({ length: index }, (__, before) => `n${before}.0`);
    return fc
      .constantFrom(...Object.keys(operators))
      .chain((op) => nodeOf(op, `n${index}`, [...values, ...made, ...made]));
  });
  return fc.tuple(...nodes).map((all) => ({
    name: "any",
    opsets,
    inputs,
    outputs: [{ name: "loss", type: "FP32", shape: [] } as const],
    initializers: constants,
    nodes: [...all, lossOf(`n${count - 1}.0`)],
  }));
});

function lossOf(name: string): Node {
  const attributes = { keepdims: { kind: "int", value: 0 } } as const;
  return {
    op: "ReduceSum",
    domain: "",
    name: "loss",
    inputs: [name],
    outputs: ["loss"],
    attributes,
  };
}

/** What it says when it is refused; anything else is thrown on. */
function refusalOf(work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (isDomainError(error)) return error.message;
    throw error;
  }
}

test("graphs of nonsense have a gradient or are refused", () => {
  const said = { derived: 0, ran: 0, refused: 0 };
  fc.assert(
    fc.property(anyGraph, (graph) => {
      const malformed = refusalOf(() => checkGraph(graph));
      const options = { loss: "loss", wrt: ["x"] };
      let derived: Graph | undefined;
      const refused = refusalOf(() => {
        derived = gradient(graph, options);
      });
      if (!derived) {
        said.refused += 1;
        expect(refused).not.toBe("");
        return;
      }
      expect(malformed).toBeUndefined();
      checkGraph(derived);
      said.derived += 1;
      if (refusalOf(() => evaluate(derived!, feeds)) === undefined) said.ran += 1;
    }),
    { numRuns: 4_000 },
  );
  // Most nonsense is refused; some of it makes sense by chance.
  expect(said.ran).toBeGreaterThan(20);
  expect(said.refused).toBeGreaterThan(500);
});
