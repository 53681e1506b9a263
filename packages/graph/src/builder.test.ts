import { tensor } from "@amaas/tensor";
import { describe, expect, test } from "vitest";
import {
  checkGraph,
  connect,
  evaluate,
  type Graph,
  graphBuilder,
  modelOf,
  ndarray,
  numbersOf,
  printGraph,
  tensorOf,
  type Value,
  withInitializers,
  withOutputs,
  writeModel,
} from "./index.ts";

function perceptron(): Graph {
  const g = graphBuilder("perceptron", { opset: 23 });
  const x = g.input("x", "FP32", ["batch", 4]);
  const w = g.input("w", "FP32", [4, 3]);
  const b = g.initializer("b", tensorOf("FP32", [3], [0, 1, 2]));
  const h = g.relu(g.gemm(x, w, b));
  g.output("y", g.mul(h, g.scalar(2, h)));
  return g.build();
}

describe("graphBuilder", () => {
  test("makes graphs that read as they were written", () => {
    expect(printGraph(perceptron())).toMatchInlineSnapshot(`
      "perceptron(x: FP32[batch, 4], w: FP32[4, 3])
        gemm_0 = Gemm(x, w, [0, 1, 2]) : FP32[batch, 3]
        relu_0 = Relu(gemm_0) : FP32[batch, 3]
        y      = Mul(relu_0, 2) : FP32[batch, 3]
        return y: FP32[batch, 3]"
    `);
  });

  test("the same calls make the same bytes", () => {
    expect(writeModel(modelOf(perceptron()))).toEqual(writeModel(modelOf(perceptron())));
  });

  test("names that are given win over names that are made up", () => {
    const g = graphBuilder("names");
    const x = g.input("relu_0", "FP32", [2]);
    const first = g.relu(x);
    const second = g.relu(first);
    g.output("relu_1", g.add(first, second));
    expect(printGraph(g.build())).toMatchInlineSnapshot(`
      "names(relu_0: FP32[2])
        relu_2 = Relu(relu_0) : FP32[2]
        relu_3 = Relu(relu_2) : FP32[2]
        relu_1 = Add(relu_2, relu_3) : FP32[2]
        return relu_1: FP32[2]"
    `);
  });

  test("leaves out what no output needs, and keeps all inputs", () => {
    const g = graphBuilder("dead");
    const x = g.input("x", "FP32", [2]);
    g.input("unused", "FP32", [2]);
    g.exp(g.add(x, g.scalar(1, x)));
    g.output("y", g.relu(x));
    const graph = g.build();
    expect(graph.nodes.map((node) => node.op)).toEqual(["Relu"]);
    expect(graph.initializers.size).toBe(0);
    expect(graph.inputs.map((input) => input.name)).toEqual(["x", "unused"]);
  });

  test("an output may be an input, a constant, or another output once more", () => {
    const g = graphBuilder("again");
    const x = g.input("x", "FP32", [2]);
    const y = g.relu(x);
    g.output("y", y);
    g.output("same", y);
    g.output("x again", x);
    g.output("two", g.scalar(2, x));
    const found = evaluate(g.build(), { x: ndarray("FP32", [2], [-1, 1]) });
    expect(Object.entries(found).map(([name, { data }]) => [name, ...data])).toEqual([
      ["y", 0, 1],
      ["same", 0, 1],
      ["x again", -1, 1],
      ["two", 2],
    ]);
  });

  test("equal constants are one", () => {
    const g = graphBuilder("constants");
    const x = g.input("x", "FP32", [2]);
    g.output("y", g.add(g.mul(x, g.scalar(2, x)), g.scalar(2, x)));
    g.output("z", g.cast(g.scalar(2, "FP64"), "FP32"));
    expect(g.build().initializers.size).toBe(2);
  });

  test("knows operators that are not described by what it is told of them", () => {
    const g = graphBuilder("custom");
    const x = g.input("x", "FP32", ["n", 4]);
    const types = [{ type: "FP32", shape: ["n", 2] } as const];
    const y = g.node(
      "Mystery",
      [x],
      { alpha: { kind: "float", value: 1 } },
      { domain: "org.example", types },
    );
    g.output("y", g.relu(y));
    expect(printGraph(g.build())).toMatchInlineSnapshot(`
      "custom(x: FP32[n, 4])
        mystery_0 = org.example.Mystery(x, alpha=1) : FP32[n, 2]
        y         = Relu(mystery_0) : FP32[n, 2]
        return y: FP32[n, 2]"
    `);
    expect(g.build().opsets).toEqual({ "": 23, "org.example": 1 });
  });
});

describe("a mistake is refused in the call that makes it", () => {
  const g = graphBuilder("wrong");
  const x = g.input("x", "FP32", ["n", 4]);
  const ids = g.input("ids", "INT64", ["n"]);

  test.each([
    [
      "types",
      () => g.add(x, g.cast(x, "FP64")),
      "Add(x, cast): the inputs are FP32 and FP64, one type is wanted",
    ],
    [
      "shapes",
      () => g.gemm(x, g.constant(tensorOf("FP32", [3, 2], [1, 2, 3, 4, 5, 6]))),
      "Gemm(x, a constant): the inner sizes 4 and 3 differ",
    ],
    [
      "broadcast",
      () => g.add(x, g.constant(tensorOf("FP32", [3], [1, 2, 3]))),
      "Add(x, a constant): [n, 4] and [3] do not broadcast",
    ],
    ["element type", () => g.exp(ids), "Exp(ids): X is INT64, a floating-point type is wanted"],
    ["axis", () => g.softmax(x, 2), "Softmax(x): axis 2 is outside the 2 axes there are"],
    ["reshape", () => g.reshape(g.reshape(x, [2, 3]), [4]), "[2, 3] has 6 elements and [4] has 4"],
    ["joined types", () => g.concat([x, ids], 0), "the inputs are FP32 and INT64"],
    ["joined ranks", () => g.concat([x, g.reshape(x, [-1])], 0), "[n, 4] and [?] differ in rank"],
    [
      "attribute",
      () => g.node("Relu", [x], { alpha: 2 }),
      'Relu(x): there is no attribute "alpha"',
    ],
    [
      "attribute kind",
      () => g.node("Transpose", [x], { perm: "10" }),
      'attribute "perm" must be of kind ints, not string',
    ],
    ["missing attribute", () => g.node("Concat", [x]), 'Concat(x): attribute "axis" is missing'],
    ["missing input", () => g.node("Add", [x]), "Add(x): input B is missing"],
    ["too many inputs", () => g.node("Relu", [x, x]), "2 inputs are given, at most 1 are wanted"],
    [
      "too many outputs",
      () => g.node("Relu", [x], {}, { outputs: 2 }),
      "2 outputs are named, there are 1",
    ],
    [
      "another graph's value",
      () => g.relu(graphBuilder("other").input("z", "FP32", [])),
      "Relu(z): z belongs to another graph",
    ],
    [
      "unknown output",
      () => g.output("y", g.node("STFT", [x])),
      'output "y": stft has no known type and shape, so declare them',
    ],
    [
      "text as a number",
      () => g.scalar(1, g.constant(tensor("BYTES", [], ["a"]))),
      "1 is wanted of the type of a constant, which is no number",
    ],
  ] as const)("%s", (_, mistake, wanted) => {
    expect(mistake).toThrow(wanted);
  });

  test("sizes that are none", () => {
    for (const size of [-1, 0.5, ""])
      expect(() => g.input("z", "FP32", [size])).toThrow("a whole number or the name of one");
  });

  test("names that clash", () => {
    const clash = graphBuilder("clash");
    clash.output("x", clash.relu(clash.input("x", "FP32", [])));
    expect(() => clash.build()).toThrowErrorMatchingInlineSnapshot(
      `[DomainError: the name "x" is given to two values of "clash"]`,
    );
  });
});

function scaling(): Graph {
  const g = graphBuilder("scaling");
  const raw = g.input("raw", "FP32", ["batch", 4]);
  g.output("x", g.mul(raw, g.scalar(0.5, raw)));
  g.output("missing", g.isNaN(raw));
  return g.build();
}

describe("inline", () => {
  test("sizes inside become those of the values outside", () => {
    const g = graphBuilder("outer");
    const raw = g.input("raw", "FP32", ["rows", 4]);
    const { x } = g.inline(scaling(), { raw });
    expect(x!.shape).toEqual(["rows", 4]);
    const w = g.input("w", "FP32", [4, 3]);
    const { y } = g.inline(perceptron(), { x: g.reshape(x!, [7, 4]), w });
    expect(y!.shape).toEqual([7, 3]);
  });

  test("refuses what does not fit, and one symbol with two sizes", () => {
    const sum = graphBuilder("sum");
    sum.output("y", sum.add(sum.input("a", "FP32", ["n"]), sum.input("b", "FP32", ["n"])));
    const g = graphBuilder("outer");
    const [two, three] = [g.input("two", "FP32", [2]), g.input("three", "FP32", [3])];
    const inline = (bindings: Record<string, Value>) => () => g.inline(sum.build(), bindings);
    expect(inline({ a: two })).toThrow('input "b" of "sum": no value is given for it');
    expect(inline({ a: two, b: three })).toThrow("n: a size is 2 on one side and 3 on the other");
    expect(inline({ a: two, b: g.isNaN(two) })).toThrow("FP32 is wanted, not BOOL");
    expect(inline({ a: two, b: g.unsqueeze(two, [0]) })).toThrow("differ in rank");
  });

  test("keeps subgraphs tied to the values around them when those are renamed", () => {
    const node = { domain: "", attributes: {}, name: "" };
    const body: Graph = {
      name: "body",
      opsets: { "": 23, "org.example": 1 },
      inputs: [],
      outputs: [{ name: "inner", type: "FP32", shape: [2] }],
      initializers: new Map(),
      nodes: [
        { ...node, domain: "org.example", op: "Pair", inputs: ["h", "h"], outputs: ["inner"] },
      ],
    };
    const branches = { then_branch: { kind: "graph", value: body } as const };
    const graph: Graph = {
      name: "outer",
      opsets: { "": 23, "org.example": 1 },
      inputs: [
        { name: "x", type: "FP32", shape: [2] },
        { name: "c", type: "BOOL", shape: [] },
      ],
      outputs: [{ name: "y", type: "FP32", shape: [2] }],
      initializers: new Map(),
      nodes: [
        { ...node, op: "Relu", inputs: ["x"], outputs: ["h"] },
        {
          ...node,
          op: "Choose",
          domain: "org.example",
          inputs: ["c"],
          outputs: ["", "y"],
          attributes: branches,
        },
      ],
    };
    const g = graphBuilder("around");
    const h = g.input("h", "FP32", [2]);
    const { y } = g.inline(graph, { x: h, c: g.input("c", "BOOL", []) });
    g.output("y", y!);
    const [relu, choice] = g.build().nodes;
    const [renamed] = relu!.outputs;
    expect(renamed).not.toBe("h");
    const branch = choice!.attributes.then_branch!;
    expect(branch.kind === "graph" && branch.value.nodes[0]!.inputs).toEqual([renamed, renamed]);
    expect(choice!.outputs).toEqual(["", "y"]);
    checkGraph(g.build());
  });
});

describe("connect", () => {
  test("puts one graph behind another and renames what clashes inside", () => {
    expect(printGraph(connect(scaling(), perceptron()))).toMatchInlineSnapshot(`
      "scaling(raw: FP32[batch, 4], w: FP32[4, 3])
        x       = Mul(raw, 0.5) : FP32[batch, 4]
        missing = IsNaN(raw) : BOOL[batch, 4]
        gemm_0  = Gemm(x, w, [0, 1, 2]) : FP32[batch, 3]
        relu_0  = Relu(gemm_0) : FP32[batch, 3]
        y       = Mul(relu_0, 2) : FP32[batch, 3]
        return y: FP32[batch, 3], missing: BOOL[batch, 4]"
    `);
  });

  test("takes a mapping, and one output for several inputs", () => {
    const g = graphBuilder("sum");
    const [a, b] = [g.input("a", "FP32", ["n", 4]), g.input("b", "FP32", ["n", 4])];
    g.output("total", g.add(a, b));
    const mapping = { a: "x", b: "x" };
    const graph = connect(scaling(), g.build(), { mapping, name: "both" });
    const raw = ndarray("FP32", [1, 4], [1, 2, 3, 4]);
    expect([...numbersOf(evaluate(graph, { raw }).total!)]).toEqual([1, 2, 3, 4]);
    expect(graph.outputs.map(({ name }) => name)).toEqual(["total", "missing"]);
  });

  test("refuses what does not fit", () => {
    expect(() => connect(scaling(), scaling())).toThrowErrorMatchingInlineSnapshot(
      `[DomainError: no output of "scaling" has the name of an input of "scaling"]`,
    );
    expect(() =>
      connect(scaling(), perceptron(), { mapping: { nothing: "x" } }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[DomainError: graph "perceptron" has no input "nothing"]`,
    );
    expect(() =>
      connect(scaling(), perceptron(), { mapping: { x: "nothing" } }),
    ).toThrowErrorMatchingInlineSnapshot(`[DomainError: graph "scaling" has no output "nothing"]`);
  });
});

describe("withOutputs", () => {
  test("keeps the outputs asked for, in that order, and only what they need", () => {
    const graph = withOutputs(scaling(), ["missing"]);
    expect(graph.outputs.map(({ name }) => name)).toEqual(["missing"]);
    expect(graph.nodes.map(({ op }) => op)).toEqual(["IsNaN"]);
    expect(() => withOutputs(scaling(), ["y"])).toThrowErrorMatchingInlineSnapshot(
      `[DomainError: graph "scaling" has no output "y"]`,
    );
  });
});

describe("withInitializers", () => {
  const weights = tensorOf("FP32", [4, 3], [...Array(12).keys()]);

  test("moves inputs in as constants", () => {
    const model = withInitializers(modelOf(perceptron()), new Map([["w", weights]]));
    expect(model.graph.inputs.map(({ name }) => name)).toEqual(["x"]);
    const x = ndarray("FP32", [1, 4], [1, 0, 0, 1]);
    const whole = evaluate(perceptron(), { x, w: ndarray("FP32", [4, 3], [...Array(12).keys()]) });
    expect(evaluate(model.graph, { x })).toEqual(whole);
  });

  test("refuses what does not fit", () => {
    const model = modelOf(perceptron());
    const wrong = tensorOf("FP32", [1], [1]);
    expect(() =>
      withInitializers(model, new Map([["w", wrong]])),
    ).toThrowErrorMatchingInlineSnapshot(`[DomainError: input "w" is FP32[4, 3], not FP32[1]]`);
    expect(() =>
      withInitializers(model, new Map([["v", wrong]])),
    ).toThrowErrorMatchingInlineSnapshot(`[DomainError: graph "perceptron" has no input "v"]`);
  });
});
