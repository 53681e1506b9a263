import { openSession } from "@amaas/engine";
import {
  AttributeProto,
  AttributeProto_AttributeType as AttributeType,
  NodeProto,
  TensorProto,
  ValueInfoProto,
} from "@amaas/proto/onnx/onnx";
import { type Tensor, tensor } from "@amaas/tensor";
import { describe, expect, test } from "vitest";
import { type Graph, type Model, printGraph, readModel, tensorOf, writeModel } from "./index.ts";
import { modelBytes, node, spoiled, valueProto } from "./messages.fixture.ts";
import { subgraphsOf } from "./subgraph.ts";

const constants = (list: Partial<TensorProto>) =>
  spoiled(({ graph }) => {
    graph!.initializer.push(TensorProto.create({ name: "c", ...list }));
  });

describe("what is written is read again", () => {
  const inner: Graph = {
    name: "inner",
    opsets: { "": 23, "org.example": 1 },
    inputs: [],
    outputs: [{ name: "inside", type: "FP32", shape: ["?"] }],
    initializers: new Map(),
    nodes: [
      {
        op: "Relu",
        domain: "",
        name: "inside",
        inputs: ["x"],
        outputs: ["inside"],
        attributes: {},
      },
    ],
  };
  const model: Model = {
    metadata: { schema: "v1", ünicode: "✓" },
    graph: {
      name: "everything",
      opsets: { "": 23, "org.example": 1 },
      inputs: [{ name: "x", type: "FP32", shape: ["batch", 3, "?"] }],
      outputs: [
        { name: "y", type: "FP32", shape: ["batch"] },
        { name: "text", type: "BYTES", shape: [2] },
      ],
      initializers: new Map<string, Tensor>([
        ["text", tensor("BYTES", [2], ["", "ü"])],
        ["half", tensor("FP16", [2], Uint16Array.of(0x3c00, 0xc000))],
        ["big", tensor("UINT64", [1], BigUint64Array.of(2n ** 64n - 1n))],
        ["none", tensor("INT64", [0], BigInt64Array.of())],
        ["flags", tensor("BOOL", [2], Uint8Array.of(0, 1))],
      ]),
      nodes: [
        {
          op: "Mystery",
          domain: "org.example",
          name: "the node",
          inputs: ["x", "", "half"],
          outputs: ["y", ""],
          attributes: {
            f: { kind: "float", value: Math.fround(0.1) },
            zero: { kind: "float", value: 0 },
            i: { kind: "int", value: -(2 ** 53) + 1 },
            s: { kind: "string", value: "ü" },
            t: { kind: "tensor", value: tensorOf("FP64", [2], [1, 2]) },
            g: { kind: "graph", value: inner },
            fs: { kind: "floats", value: [1, 2.5] },
            is: { kind: "ints", value: [-1, 5] },
            ss: { kind: "strings", value: ["", "b"] },
            empty: { kind: "ints", value: [] },
          },
        },
      ],
    },
  };

  test("to the last attribute", () => {
    expect(readModel(writeModel(model))).toEqual(model);
  });

  test("and written again gives the same bytes", () => {
    expect(writeModel(readModel(writeModel(model)))).toEqual(writeModel(model));
  });

  test("and runs on the engine", async () => {
    const session = await openSession(writeModel(readModel(spoiled())));
    const found = await session.run({ x: tensorOf("FP32", [1, 2], [1, -1]) });
    expect([...found.y!.data]).toEqual([0, 0]);
    await session.release();
  });
});

describe("other ways to write a model", () => {
  test("Constant nodes, and constants that are inputs too", () => {
    const bytes = spoiled(({ graph }) => {
      const attribute = AttributeProto.create({
        name: "value_ints",
        type: AttributeType.INTS,
        ints: [1n, 2n],
      });
      graph!.node.unshift(
        NodeProto.create({ opType: "Constant", output: ["k"], attribute: [attribute] }),
      );
      const [input] = graph!.input;
      graph!.input.push({ ...input!, name: "w" });
    });
    const { graph } = readModel(bytes);
    expect(graph.initializers.get("k")).toEqual(tensorOf("INT64", [2], [1, 2]));
    expect(graph.inputs.map(({ name }) => name)).toEqual(["x"]);
    expect(graph.nodes.map(({ op }) => op)).toEqual(["MatMul", "Relu"]);
  });

  test("ai.onnx by its full name, an unknown size written as -1, nodes without names", () => {
    const bytes = spoiled((model) => {
      model.opsetImport[0]!.domain = "ai.onnx";
      for (const node of model.graph!.node) {
        node.domain = "ai.onnx";
        node.name = "";
      }
      const type = model.graph!.input[0]!.type!.value!;
      if (type.$case === "tensorType")
        type.value.shape!.dim[0]!.value = { $case: "dimValue", value: -1n };
    });
    expect(printGraph(readModel(bytes).graph)).toMatchInlineSnapshot(`
      "base(x: FP32[?, 2])
        const w: FP32[2, 2]
        matmul_0 = MatMul(x, w) : FP32[?, 2]
        y        = Relu(matmul_0) : FP32[n, 2]
        return y: FP32[n, 2]"
    `);
  });
});

describe("types that follow need not be declared", () => {
  const undeclared = (output: ValueInfoProto) =>
    spoiled(({ graph }) => {
      graph!.output = [output];
    });
  const unshaped = (elemType: number): ValueInfoProto => ({
    name: "y",
    docString: "",
    type: {
      denotation: "",
      value: { $case: "tensorType", value: { elemType, shape: undefined } },
    },
  });

  test("the shape of an output, and its type", () => {
    const wanted = [{ name: "y", type: "FP32", shape: ["n", 2] }];
    expect(readModel(undeclared(unshaped(1))).graph.outputs).toEqual(wanted);
    expect(readModel(undeclared(ValueInfoProto.create({ name: "y" }))).graph.outputs).toEqual(
      wanted,
    );
  });

  test("in the graphs inside nodes too, from what is declared around them", () => {
    const branch = (op: string) => ({
      g: { name: op, node: [node(op, ["h"], ["r"])], output: [{ name: "r" }] },
    });
    const bytes = modelBytes(
      {
        node: [
          node("Neg", ["x"], ["h"]),
          node("If", ["c"], ["y"], { then_branch: branch("Relu"), else_branch: branch("Abs") }),
        ],
        input: [valueProto("c", "BOOL", []), valueProto("x", "FP32", ["n"])],
        output: [valueProto("y", "FP32", ["n"])],
        valueInfo: [valueProto("h", "FP32", ["n"])],
      },
      { opset: 17 },
    );
    const [, choice] = readModel(bytes).graph.nodes;
    const wanted = [{ name: "r", type: "FP32", shape: ["n"] }];
    expect(subgraphsOf(choice!).map(({ outputs }) => outputs)).toEqual([wanted, wanted]);
  });

  test("unless they contradict", () => {
    expect(() => readModel(undeclared(unshaped(7)))).toThrow(
      "is FP32, but it is declared as INT64",
    );
  });

  test("or do not follow", () => {
    const bytes = spoiled(({ graph, opsetImport }) => {
      graph!.output = [unshaped(1)];
      graph!.node[1]!.domain = "org.example";
      opsetImport.push({ domain: "org.example", version: 1n });
    });
    expect(() => readModel(bytes)).toThrow("declared without a shape, and none follows");
  });
});

test("an operator set may be imported twice in one version, as skl2onnx does", () => {
  const bytes = spoiled((m) => {
    m.opsetImport.push(m.opsetImport[0]!, { domain: "ai.onnx", version: 23n });
  });
  expect(readModel(bytes).graph.opsets).toEqual({ "": 23 });
});

describe("what is not carried is refused with the reason", () => {
  const cases: readonly (readonly [string, Uint8Array, string])[] = [
    ["no model", Uint8Array.of(), "IR version is 0"],
    ["text", new TextEncoder().encode("hello, this is no model"), "this is no readable ONNX model"],
    [
      "an old IR version",
      spoiled((m) => {
        m.irVersion = 3n;
      }),
      "IR version is 3; 4 to 13 can be read",
    ],
    [
      "an old opset",
      spoiled((m) => {
        m.opsetImport[0]!.version = 11n;
      }),
      "opset of ai.onnx is 11; 13 to 26 can be read",
    ],
    [
      "no opset",
      spoiled((m) => {
        m.opsetImport = [];
      }),
      "imports no version of ai.onnx",
    ],
    [
      "an opset twice",
      spoiled((m) => {
        m.opsetImport.push({ ...m.opsetImport[0]!, version: 17n });
      }),
      "it imports ai.onnx twice, in the versions 23 and 17",
    ],
    [
      "a missing opset",
      spoiled((m) => {
        m.graph!.node[0]!.domain = "com.example";
      }),
      "not imported",
    ],
    [
      "no graph",
      spoiled((m) => {
        m.graph = undefined;
      }),
      "it has no graph",
    ],
    [
      "a type that is not carried",
      constants({ dataType: 16, dims: [] }),
      "ONNX type 16 is not carried",
    ],
    [
      "too few bytes",
      constants({ dataType: 1, dims: [2n], rawData: new Uint8Array(7) }),
      "takes 8 bytes, but 7",
    ],
    ["huge dims", constants({ dataType: 1, dims: [2n ** 40n, 2n ** 20n] }), "too many elements"],
    [
      "large dims and nothing there",
      constants({ dataType: 1, dims: [2n ** 40n] }),
      "takes 1099511627776 elements, but 0",
    ],
    ["text that is not there", constants({ dataType: 8, dims: [2n ** 40n] }), "but 0 are there"],
    ["negative dims", constants({ dataType: 1, dims: [-1n] }), "whole numbers from 0"],
    [
      "too many axes",
      constants({ dataType: 1, dims: new Array<bigint>(65).fill(1n), floatData: [1] }),
      "65 axes",
    ],
    [
      "a boolean that is none",
      constants({ dataType: 9, dims: [1n], rawData: Uint8Array.of(2) }),
      "must be 0 or 1",
    ],
    [
      "a list that does not fit",
      constants({ dataType: 3, dims: [1n], int32Data: [300] }),
      "element 0 is 300, which is no INT8",
    ],
    [
      "a cycle",
      spoiled((m) => {
        m.graph!.node[0]!.input[0] = "y";
      }),
      "form a cycle or are out of order",
    ],
    [
      "a missing input",
      spoiled((m) => {
        m.graph!.node[0]!.input[0] = "nobody";
      }),
      'uses "nobody", which nothing makes',
    ],
    [
      "a name made twice",
      spoiled((m) => {
        m.graph!.node[1]!.output[0] = "x";
      }),
      "a second time",
    ],
    [
      "an output that nothing makes",
      spoiled((m) => {
        m.graph!.output[0]!.name = "z";
      }),
      'output "z" is made by no node',
    ],
    [
      "shapes that do not fit",
      spoiled((m) => {
        m.graph!.initializer[0]!.dims = [4n, 1n];
      }),
      "the inner sizes 2 and 4 differ",
    ],
    [
      "a declaration that is wrong",
      spoiled((m) => {
        const t = m.graph!.output[0]!.type!.value!;
        if (t.$case === "tensorType") t.value.elemType = 7;
      }),
      "is FP32, but it is declared as INT64",
    ],
    [
      "an input without a type",
      spoiled((m) => {
        m.graph!.input[0]!.type = undefined;
      }),
      "not declared as a tensor",
    ],
    [
      "an input without a shape",
      spoiled((m) => {
        const t = m.graph!.input[0]!.type!.value!;
        if (t.$case === "tensorType") t.value.shape = undefined;
      }),
      '"x" is declared without a shape',
    ],
    [
      "an attribute twice",
      spoiled((m) => {
        const a = AttributeProto.create({ name: "axis", type: AttributeType.INT });
        m.graph!.node[0]!.attribute.push(a, a);
      }),
      "given twice",
    ],
    [
      "an attribute of no kind",
      spoiled((m) => {
        m.graph!.node[0]!.attribute.push(AttributeProto.create({ name: "a" }));
      }),
      "attributes of ONNX kind 0",
    ],
    [
      "an integer beyond 2^53",
      spoiled((m) => {
        m.graph!.node[0]!.attribute.push(
          AttributeProto.create({ name: "a", type: AttributeType.INT, i: 2n ** 60n }),
        );
      }),
      "beyond 2^53",
    ],
  ];

  test.each(cases)("%s", (_, bytes, wanted) => {
    expect(() => readModel(bytes)).toThrow(
      expect.objectContaining({
        code: "invalid-argument",
        message: expect.stringContaining(wanted),
      }),
    );
  });
});
