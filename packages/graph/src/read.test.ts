import { openSession } from "@amaas/engine";
import {
  AttributeProto,
  AttributeProto_AttributeType as AttributeType,
  ModelProto,
  NodeProto,
  TensorProto,
} from "@amaas/proto/onnx/onnx";
import { type Tensor, tensor } from "@amaas/tensor";
import { describe, expect, test } from "vitest";
import {
  type Graph,
  graphBuilder,
  type Model,
  printGraph,
  readModel,
  tensorOf,
  writeModel,
} from "./index.ts";

/** A model as its messages, to be spoiled in ways that the builder does not allow. */
function messages(change: (model: ModelProto) => void = () => {}): Uint8Array {
  const g = graphBuilder("base");
  const x = g.input("x", "FP32", ["n", 2]);
  const w = g.initializer("w", tensorOf("FP32", [2, 2], [1, 2, 3, 4]));
  g.output("y", g.relu(g.matMul(x, w)));
  const model = ModelProto.decode(writeModel(g.model()));
  change(model);
  return ModelProto.encode(model).finish();
}

const constants = (list: Partial<TensorProto>) =>
  messages(({ graph }) => {
    graph!.initializer.push(TensorProto.create({ name: "c", ...list }));
  });

const constant = (list: Partial<TensorProto>) =>
  readModel(constants(list)).graph.initializers.get("c");

describe("what is written is read again", () => {
  const inner: Graph = {
    name: "inner",
    opsets: { "": 21, "org.example": 1 },
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
      opsets: { "": 21, "org.example": 1 },
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
    const session = await openSession(writeModel(readModel(messages())));
    const found = await session.run({ x: tensorOf("FP32", [1, 2], [1, -1]) });
    expect([...found.y!.data]).toEqual([0, 0]);
    await session.release();
  });
});

describe("other ways to write a model", () => {
  test.each([
    [{ dataType: 1, dims: [2n], floatData: [1, 2] }, tensorOf("FP32", [2], [1, 2])],
    [{ dataType: 11, dims: [1n], doubleData: [0.1] }, tensorOf("FP64", [1], [0.1])],
    [{ dataType: 7, dims: [1n], int64Data: [-5n] }, tensorOf("INT64", [1], [-5])],
    [{ dataType: 13, dims: [1n], uint64Data: [5n] }, tensorOf("UINT64", [1], [5])],
    [
      { dataType: 12, dims: [1n], uint64Data: [2n ** 32n - 1n] },
      tensorOf("UINT32", [1], [2 ** 32 - 1]),
    ],
    [{ dataType: 6, dims: [2n], int32Data: [-1, 2] }, tensorOf("INT32", [2], [-1, 2])],
    [{ dataType: 3, dims: [1n], int32Data: [-128] }, tensorOf("INT8", [1], [-128])],
    [{ dataType: 9, dims: [2n], int32Data: [1, 0] }, tensorOf("BOOL", [2], [1, 0])],
    [{ dataType: 10, dims: [1n], int32Data: [0x3c00] }, tensorOf("FP16", [1], [1])],
    [{ dataType: 1, dims: [0n, 5n] }, tensorOf("FP32", [0, 5], [])],
  ] satisfies [Partial<TensorProto>, unknown][])("numbers in lists: %o", (list, expected) => {
    expect(constant(list)).toEqual(expected);
  });

  test("Constant nodes, and constants that are inputs too", () => {
    const bytes = messages(({ graph }) => {
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
    const bytes = messages((model) => {
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

describe("what is not carried is refused with the reason", () => {
  const cases: readonly (readonly [string, Uint8Array, string])[] = [
    ["no model", Uint8Array.of(), "IR version is 0"],
    ["text", new TextEncoder().encode("hello, this is no model"), "this is no readable ONNX model"],
    [
      "an old IR version",
      messages((m) => {
        m.irVersion = 3n;
      }),
      "IR version is 3; 4 to 13 can be read",
    ],
    [
      "an old opset",
      messages((m) => {
        m.opsetImport[0]!.version = 11n;
      }),
      "opset of ai.onnx is 11; 18 to 21 can be read",
    ],
    [
      "no opset",
      messages((m) => {
        m.opsetImport = [];
      }),
      "imports no version of ai.onnx",
    ],
    [
      "an opset twice",
      messages((m) => {
        m.opsetImport.push(m.opsetImport[0]!);
      }),
      "imports an operator set twice",
    ],
    [
      "a missing opset",
      messages((m) => {
        m.graph!.node[0]!.domain = "com.example";
      }),
      "not imported",
    ],
    [
      "no graph",
      messages((m) => {
        m.graph = undefined;
      }),
      "it has no graph",
    ],
    [
      "functions",
      messages((m) => {
        m.functions.push({
          name: "f",
          input: [],
          output: [],
          attribute: [],
          node: [],
          docString: "",
          opsetImport: [],
          domain: "",
        });
      }),
      "local functions (f)",
    ],
    ["external data", constants({ dataType: 1, dims: [1n], dataLocation: 1 }), "in another file"],
    [
      "an external path",
      constants({
        dataType: 1,
        dims: [1n],
        externalData: [{ key: "location", value: "/etc/passwd" }],
      }),
      "in another file",
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
      messages((m) => {
        m.graph!.node[0]!.input[0] = "y";
      }),
      "form a cycle or are out of order",
    ],
    [
      "a missing input",
      messages((m) => {
        m.graph!.node[0]!.input[0] = "nobody";
      }),
      'uses "nobody", which nothing makes',
    ],
    [
      "a name made twice",
      messages((m) => {
        m.graph!.node[1]!.output[0] = "x";
      }),
      "a second time",
    ],
    [
      "an output that nothing makes",
      messages((m) => {
        m.graph!.output[0]!.name = "z";
      }),
      'output "z" is made by no node',
    ],
    [
      "shapes that do not fit",
      messages((m) => {
        m.graph!.initializer[0]!.dims = [4n, 1n];
      }),
      "the inner sizes 2 and 4 differ",
    ],
    [
      "a declaration that is wrong",
      messages((m) => {
        const t = m.graph!.output[0]!.type!.value!;
        if (t.$case === "tensorType") t.value.elemType = 7;
      }),
      "is FP32, but it is declared as INT64",
    ],
    [
      "an input without a type",
      messages((m) => {
        m.graph!.input[0]!.type = undefined;
      }),
      "not declared as a tensor",
    ],
    [
      "an input without a shape",
      messages((m) => {
        const t = m.graph!.input[0]!.type!.value!;
        if (t.$case === "tensorType") t.value.shape = undefined;
      }),
      "without a shape",
    ],
    [
      "an attribute twice",
      messages((m) => {
        const a = AttributeProto.create({ name: "axis", type: AttributeType.INT });
        m.graph!.node[0]!.attribute.push(a, a);
      }),
      "given twice",
    ],
    [
      "an attribute of no kind",
      messages((m) => {
        m.graph!.node[0]!.attribute.push(AttributeProto.create({ name: "a" }));
      }),
      "attributes of ONNX kind 0",
    ],
    [
      "an integer beyond 2^53",
      messages((m) => {
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
