/** Local functions: a model with calls says the same as one in which somebody wrote their nodes out. */
import { openSession } from "@amaas/engine";
import {
  AttributeProto_AttributeType as AttributeType,
  type DeepPartial,
  type FunctionProto,
  type GraphProto,
  type NodeProto,
  type TensorProto,
} from "@amaas/proto/onnx/onnx";
import { describe, expect, test } from "vitest";
import { printGraph, readModel, tensorOf, writeModel } from "./index.ts";
import {
  type AttributeValue,
  attributeProto,
  modelBytes,
  node,
  opsetImport,
  tensorProto,
  valueProto,
} from "./messages.fixture.ts";

const domain = "test.functions";
const call = (
  name: string,
  input: readonly string[],
  output: readonly string[],
  attributes: Readonly<Record<string, AttributeValue>> = {},
) => node(name, input, output, attributes, domain);

function fn(
  name: string,
  input: string[],
  output: string[],
  nodes: DeepPartial<NodeProto>[],
  more: DeepPartial<FunctionProto> = {},
): DeepPartial<FunctionProto> {
  const imports = opsetImport({ "": 23, [domain]: 1 });
  return { name, domain, input, output, node: nodes, opsetImport: imports, ...more };
}

/** A model that maps x to y, both [2, 2]. */
function model(
  nodes: DeepPartial<NodeProto>[],
  functions: DeepPartial<FunctionProto>[],
  {
    opset = 23,
    initializer = [],
  }: { opset?: number; initializer?: DeepPartial<TensorProto>[] } = {},
): Uint8Array {
  const graph: DeepPartial<GraphProto> = {
    node: nodes,
    input: [valueProto("x", "FP32", [2, 2])],
    output: [valueProto("y", "FP32", [2, 2])],
    initializer,
  };
  return modelBytes(graph, { opset, domains: { [domain]: 1 }, functions });
}

const x = tensorOf("FP32", [2, 2], [1, -2, 3, -4]);

async function resultOf(bytes: Uint8Array): Promise<readonly number[]> {
  const session = await openSession(bytes);
  const { y } = await session.run({ x });
  await session.release();
  return Array.from(y!.data, Number);
}

const scale = fn(
  "Scale",
  ["a"],
  ["b"],
  [
    node("Constant", [], ["factor"], { value_float: { ref: "by", type: AttributeType.FLOAT } }),
    node("Mul", ["a", "factor"], ["scaled"]),
    node("Identity", ["scaled"], ["b"]),
  ],
  { attributeProto: [{ name: "by", ...attributeProto({ f: 2 }) }] },
);

describe("calls become nodes", () => {
  test("under names that nothing else has, with attributes given or by default", () => {
    const bytes = model(
      [
        call("Scale", ["x"], ["h"]),
        call("Scale", ["h"], ["Scale h/scaled"], { by: { f: -3 } }),
        node("Identity", ["Scale h/scaled"], ["y"]),
      ],
      [scale],
    );
    const { graph } = readModel(bytes);
    expect(graph.opsets).toEqual({ "": 23 });
    expect(printGraph(graph)).toMatchInlineSnapshot(`
      "test(x: FP32[2, 2])
        Scale h/scaled_1            = Mul(x, 2) : FP32[2, 2]
        h                           = Identity(Scale h/scaled_1) : FP32[2, 2]
        Scale Scale h/scaled/scaled = Mul(h, -3) : FP32[2, 2]
        Scale h/scaled              = Identity(Scale Scale h/scaled/scaled) : FP32[2, 2]
        y                           = Identity(Scale h/scaled) : FP32[2, 2]
        return y: FP32[2, 2]"
    `);
  });

  const twice = fn(
    "Twice",
    ["a"],
    ["b"],
    [call("Scale", ["a"], ["t"]), call("Scale", ["t"], ["b"])],
  );
  const branch = (op: string): AttributeValue => ({
    g: { name: op, node: [node(op, ["a"], ["r"])], output: [valueProto("r", "FP32", [2, 2])] },
  });
  const choose = fn(
    "Choose",
    ["a", "c"],
    ["b"],
    [node("If", ["c"], ["b"], { then_branch: branch("Relu"), else_branch: branch("Neg") })],
  );
  const both = fn(
    "Both",
    ["a"],
    ["p", "q"],
    [node("Relu", ["a"], ["p"]), node("Neg", ["a"], ["q"])],
  );
  const yes = tensorProto("yes", tensorOf("BOOL", [], [1]));
  const nested = fn(
    "Nested",
    ["a"],
    ["b"],
    [
      call("Scale", ["a"], ["s"], { by: { ref: "factor", type: AttributeType.FLOAT } }),
      call("Twice", ["s"], ["b"]),
    ],
    { attribute: ["factor"] },
  );
  const old = fn(
    "Old",
    ["a"],
    ["b"],
    [node("ReduceMax", ["a"], ["m"], { axes: [1] }), node("Add", ["a", "m"], ["b"])],
    { opsetImport: opsetImport({ "": 13 }) },
  );
  const optional = fn(
    "Optional",
    ["a", "low", "high"],
    ["b"],
    [node("Clip", ["a", "low", "high"], ["b"])],
  );
  const zero = tensorProto("zero", tensorOf("FP32", [], [0]));
  const pass = fn("Pass", ["a"], ["a", "b", "b"], [node("Neg", ["a"], ["b"])]);

  test.each<[string, Uint8Array, readonly number[]]>([
    ["in each other", model([call("Twice", ["x"], ["y"])], [twice, scale]), [4, -8, 12, -16]],
    [
      "with an attribute handed on",
      model([call("Nested", ["x"], ["y"], { factor: { f: 0.5 } })], [nested, twice, scale]),
      [2, -4, 6, -8],
    ],
    [
      "with an attribute that nobody gives, whose default then counts",
      model([call("Nested", ["x"], ["y"])], [nested, twice, scale]),
      [8, -16, 24, -32],
    ],
    [
      "with graphs inside",
      model([call("Choose", ["x", "yes"], ["r"]), call("Choose", ["r", "yes"], ["y"])], [choose], {
        initializer: [yes],
      }),
      [1, 0, 3, 0],
    ],
    ["with an output left out", model([call("Both", ["x"], ["", "y"])], [both]), [-1, 2, -3, 4]],
    ["with fewer outputs", model([call("Both", ["x"], ["y"])], [both]), [1, 0, 3, 0]],
    [
      "with inputs left out",
      model([call("Optional", ["x", "", "zero"], ["y"])], [optional], { initializer: [zero] }),
      [0, -2, 0, -4],
    ],
    [
      "with fewer inputs",
      model([call("Optional", ["x", "zero"], ["y"])], [optional], { initializer: [zero] }),
      [1, 0, 3, 0],
    ],
    ["with an input as its output", model([call("Pass", ["x"], ["y"])], [pass]), [1, -2, 3, -4]],
    [
      "with an output twice",
      model([call("Pass", ["x"], ["", "p", "q"]), node("Add", ["p", "q"], ["y"])], [pass]),
      [-2, 4, -6, 8],
    ],
    [
      "written in another opset",
      model([call("Old", ["x"], ["y"])], [old], { opset: 20 }),
      [2, -1, 6, -1],
    ],
    [
      "told apart by their overload",
      model(
        [{ ...call("F", ["x"], ["y"]), overload: "two" }],
        [
          fn("F", ["a"], ["b"], [node("Neg", ["a"], ["b"])]),
          fn("F", ["a"], ["b"], [node("Abs", ["a"], ["b"])], { overload: "two" }),
        ],
      ),
      [1, 2, 3, 4],
    ],
    [
      "told apart by their domain, where the dots lie elsewhere",
      modelBytes(
        {
          node: [node("c", ["x"], ["h"], {}, "a.b"), node("b.c", ["h"], ["y"], {}, "a")],
          input: [valueProto("x", "FP32", [2, 2])],
          output: [valueProto("y", "FP32", [2, 2])],
        },
        {
          opset: 23,
          domains: { a: 1, "a.b": 1 },
          functions: [
            fn("c", ["a"], ["b"], [node("Neg", ["a"], ["b"])], { domain: "a.b" }),
            fn("b.c", ["a"], ["b"], [node("Relu", ["a"], ["b"])], { domain: "a" }),
          ],
        },
      ),
      [0, 2, 0, 4],
    ],
  ])("%s", async (_, bytes, wanted) => {
    expect(await resultOf(writeModel(readModel(bytes)))).toEqual(wanted);
  });

  test("a constant of a function is one tensor, however often it is called", () => {
    const big = tensorOf("FP32", [2, 2], [1, 2, 3, 4]);
    const value = { t: tensorProto("", big) };
    const add = fn(
      "AddBig",
      ["a"],
      ["b"],
      [
        {
          opType: "Constant",
          output: ["k"],
          attribute: [{ name: "value", type: AttributeType.TENSOR, ...value }],
        },
        node("Add", ["a", "k"], ["b"]),
      ],
    );
    const { graph } = readModel(
      model([call("AddBig", ["x"], ["h"]), call("AddBig", ["h"], ["y"])], [add]),
    );
    expect(graph.initializers.size).toBe(2);
    expect(new Set(graph.initializers.values()).size).toBe(1);
  });
});

describe("what a function may not do", () => {
  const self = fn("Self", ["a"], ["b"], [call("Self", ["a"], ["b"])]);
  const ping = fn("Ping", ["a"], ["b"], [call("Pong", ["a"], ["b"])]);
  const pong = fn("Pong", ["a"], ["b"], [call("Ping", ["a"], ["b"])]);
  const reach = fn("Reach", [], ["b"], [node("Neg", ["x"], ["b"])]);
  const open = fn("Open", ["a"], ["b"], [node("Neg", ["a"], ["b"])], { opsetImport: [] });
  const ancient = fn("Ancient", ["a"], ["b"], [], { opsetImport: opsetImport({ "": 9 }) });
  const apart = fn("Apart", ["a"], ["b"], [node("Mystery", ["a"], ["b"], {}, "org.example")], {
    opsetImport: opsetImport({ "org.example": 2 }),
  });
  const chain = Array.from({ length: 60 }, (_, i) =>
    fn(`F${i}`, ["a"], ["b"], [call(`F${i + 1}`, ["a"], ["b"])]),
  );
  const bomb = Array.from({ length: 30 }, (_, i) =>
    fn(`F${i}`, ["a"], ["b"], [call(`F${i + 1}`, ["a"], ["c"]), call(`F${i + 1}`, ["c"], ["b"])]),
  );
  const one = (name: string) => [call(name, ["x"], ["y"])];

  test.each<[string, Uint8Array, RegExp]>([
    [
      "call itself",
      model(one("Self"), [self]),
      /it calls itself: test.functions.Self > test.functions.Self/,
    ],
    ["call itself by way of another", model(one("Ping"), [ping, pong]), /Ping > .*Pong > .*Ping/],
    [
      "use values around the call",
      model([call("Reach", [], ["y"])], [reach]),
      /uses "Reach y\/x", which nothing makes/,
    ],
    [
      "use ONNX without saying which",
      model(one("Open"), [open]),
      /no version of ai.onnx is imported/,
    ],
    [
      "be of an old opset",
      model(one("Ancient"), [ancient]),
      /function "test.functions.Ancient": its opset of ai.onnx is 9/,
    ],
    [
      "be in ONNX's own domain",
      model(one("F"), [fn("Relu", [], [], [], { domain: "" })]),
      /ONNX's own domain/,
    ],
    ["be defined twice", model(one("Self"), [self, self]), /defined twice/],
    [
      "be called with too many inputs",
      model([call("Self", ["x", "x"], ["y"])], [self]),
      /2 inputs are named, the function has 1/,
    ],
    [
      "be called with too many outputs",
      model([call("Self", ["x"], ["y", "z"])], [self]),
      /2 outputs are named, the function has 1/,
    ],
    [
      "be called with attributes it does not have",
      model([call("Scale", ["x"], ["y"], { to: 1 })], [scale]),
      /no attribute "to"/,
    ],
    [
      "be called with attributes of another kind",
      model([call("Scale", ["x"], ["y"], { by: 1 })], [scale]),
      /of another kind/,
    ],
    [
      "pass on what the call leaves out",
      model([call("Same", [""], ["y"])], [fn("Same", ["a"], ["a"], [])]),
      /is an input that the call leaves out/,
    ],
    [
      "refer to attributes outside of any",
      model([node("Elu", ["x"], ["y"], { alpha: { ref: "a", type: 1 } })], []),
      /but is in none/,
    ],
    [
      "be of another version of an operator set",
      modelBytes(
        { node: [...one("Apart"), node("Mystery", ["x"], ["z"], {}, "org.example")] },
        { opset: 23, domains: { "org.example": 1, [domain]: 1 }, functions: [apart] },
      ),
      /opset 1 of org.example and in opset 2/,
    ],
    [
      "nest without end",
      model(one("F0"), [...chain, fn("F60", ["a"], ["b"], [])]),
      /nest deeper than the 40/,
    ],
    [
      "grow without end",
      model(one("F0"), [...bomb, fn("F30", ["a"], ["b"], [node("Neg", ["a"], ["b"])])]),
      /more than the \d+ bytes of memory/,
    ],
  ])("%s", (_, bytes, wanted) => {
    expect(() => readModel(bytes, { limits: { memory: 2 ** 24 } })).toThrow(
      expect.objectContaining({ code: "invalid-argument", message: expect.stringMatching(wanted) }),
    );
  });
});
