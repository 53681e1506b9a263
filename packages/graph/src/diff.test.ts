import type { Tensor } from "@amaas/tensor";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyGraph } from "./arbitrary.fixture.ts";
import {
  type Attribute,
  diffGraphs,
  diffInitializers,
  type Graph,
  type GraphDiff,
  graphBuilder,
  isFloat,
  type Node,
  namesUsedBy,
  tensorOf,
} from "./index.ts";
import { choice } from "./nested.fixture.ts";

interface Layers {
  readonly activation?: "Relu" | "Tanh";
  readonly slope?: number;
  readonly extra?: boolean;
  readonly last?: number;
}

/** Three layers; enough stands before and behind the second to see that only what changed is told. */
function network({
  activation = "Relu",
  slope = 0.1,
  extra = false,
  last = 1,
}: Layers = {}): Graph {
  const g = graphBuilder("network");
  let x = g.input("x", "FP32", ["n", 4]);
  for (const layer of [0, 1, 2]) {
    const w = g.initializer(
      `w${layer}`,
      tensorOf(
        "FP32",
        [4, 4],
        Array.from({ length: 16 }, (_, at) => (layer === 2 && at === 3 ? last : at)),
      ),
    );
    x = g.matMul(x, w);
    if (layer === 1 && extra) x = g.sigmoid(x);
    x =
      layer === 1
        ? g.node(activation, [x])
        : g.node(
            "LeakyRelu",
            [x],
            { alpha: slope },
            {
              types: [{ type: "FP32", shape: ["n", 4] }],
            },
          );
    x = g.mul(x, g.scalar(2, x));
  }
  g.output("y", x);
  return g.build();
}

/** Other names for all that is inside, and another order wherever one is possible. */
function disguised(graph: Graph): Graph {
  const fixed = new Set([...graph.inputs, ...graph.outputs].map(({ name }) => name));
  const rename = (name: string) => (name === "" || fixed.has(name) ? name : `other/${name}`);
  for (const [name, { type, shape }] of graph.initializers)
    if (shape.length > 1 || (shape.length === 1 && isFloat(type))) fixed.add(name);
  for (const node of graph.nodes)
    for (const name of namesUsedBy(node)) if (!node.inputs.includes(name)) fixed.add(name);
  const nodes = graph.nodes.map((node) => ({
    ...node,
    name: `other/${node.name}`,
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
  }));
  return {
    ...graph,
    nodes: reordered(nodes),
    initializers: new Map([...graph.initializers].map(([name, t]) => [rename(name), t])),
    values: (graph.values ?? []).map((value) => ({ ...value, name: rename(value.name) })),
  };
}

/** The last node that is ready comes first. */
function reordered(nodes: readonly Node[]): readonly Node[] {
  const made = new Set(nodes.flatMap(({ outputs }) => outputs));
  const left = [...nodes];
  const order: Node[] = [];
  while (left.length > 0) {
    const at = left.findLastIndex(({ inputs }) => inputs.every((name) => !made.has(name)));
    const [next] = left.splice(at, 1);
    order.push(next!);
    for (const name of next!.outputs) made.delete(name);
  }
  return order;
}

function changedTensor(graph: Graph, name: string, value: Tensor): Graph {
  return { ...graph, initializers: new Map([...graph.initializers, [name, value]]) };
}

/** The differences, without their digests, as one would tell them. */
function told({ opsets, inputs, outputs, initializers, nodes }: GraphDiff): string[] {
  const change = ({ name, from, to }: { name: string; from?: unknown; to?: unknown }) =>
    `${name}: ${from} -> ${to}`;
  return [
    ...opsets.map((each) => `opset ${change(each)}`),
    ...inputs.map((each) => `input ${each.kind} ${change(each)}`),
    ...outputs.map((each) => `output ${each.kind} ${change(each)}`),
    ...initializers.map((each) => `initializer ${each.kind} ${each.name}`),
    ...nodes.map((each) =>
      each.kind === "changed"
        ? `node changed ${[...each.attributes, ...each.inputs].map(change).join(", ")}${each.bodies
            .map(({ name, diff }) => ` ${name} {${told(diff).join("; ")}}`)
            .join("")}`
        : `node ${each.kind} ${each.node.call}`,
    ),
  ];
}

describe("nothing differs", () => {
  test("between a graph and itself under other names in another order", () => {
    expect(told(diffGraphs(network(), disguised(network())))).toEqual([]);
    expect(diffGraphs(choice(), disguised(choice())).equal).toBe(true);
    expect(diffGraphs(choice(), choice(0.5, "other name inside")).equal).toBe(true);
  });

  test("for any graph", () => {
    fc.assert(
      fc.property(anyGraph, (graph) => {
        expect(told(diffGraphs(graph, disguised(graph)))).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  test("when an attribute is written down that holds anyway", () => {
    const graph = network();
    const sum = (attributes: Node["attributes"]): Graph => ({
      ...graph,
      nodes: [
        ...graph.nodes.slice(0, -1),
        { ...graph.nodes.at(-1)!, op: "ReduceSum", inputs: ["w0"], attributes },
      ],
    });
    const keepdims = (value: number): Attribute => ({ kind: "int", value });
    expect(told(diffGraphs(sum({}), sum({ keepdims: keepdims(1) })))).toEqual([]);
    expect(told(diffGraphs(sum({}), sum({ keepdims: keepdims(0) })))).toEqual([
      "node changed keepdims: undefined -> 0",
    ]);
  });
});

describe("what differs is told, and only that", () => {
  const cases: readonly (readonly [string, Graph, readonly string[]])[] = [
    [
      "an operator",
      network({ activation: "Tanh" }),
      [
        "node removed relu_0 = Relu(matmul_1)",
        "node added tanh_0 = Tanh(matmul_1)",
        "node changed A: relu_0 -> tanh_0",
      ],
    ],
    [
      "attributes",
      network({ slope: 0.25 }),
      ["node changed alpha: 0.1 -> 0.25", "node changed alpha: 0.1 -> 0.25"],
    ],
    [
      "a node more",
      network({ extra: true }),
      ["node added sigmoid_0 = Sigmoid(matmul_1)", "node changed X: matmul_1 -> sigmoid_0"],
    ],
    ["a weight", network({ last: 9 }), ["initializer changed w2"]],
    [
      "a weight and its type",
      changedTensor(network(), "w1", tensorOf("FP32", [4, 4, 1], new Array(16).fill(0))),
      ["initializer changed w1"],
    ],
    [
      "several at once",
      network({ extra: true, slope: 0.5, last: 2, activation: "Tanh" }),
      [
        "initializer changed w2",
        "node removed relu_0 = Relu(matmul_1)",
        "node changed alpha: 0.1 -> 0.5",
        "node added sigmoid_0 = Sigmoid(matmul_1)",
        "node added tanh_0 = Tanh(sigmoid_0)",
        "node changed A: relu_0 -> tanh_0",
        "node changed alpha: 0.1 -> 0.5",
      ],
    ],
  ];

  test.each(cases)("%s", (_, other, wanted) => {
    expect(
      told(diffGraphs(network(), disguised(other))).map((line) => line.replaceAll("other/", "")),
    ).toEqual(wanted);
    const back = diffGraphs(other, network());
    expect(back.equal).toBe(false);
    expect(told(back)).toHaveLength(wanted.length);
  });

  test("in the graphs inside a node", () => {
    expect(told(diffGraphs(choice(), choice(0.25)))).toEqual(["initializer changed factor"]);
    const graph = choice();
    const [decide, relu] = graph.nodes;
    const then = decide!.attributes.then_branch!;
    if (then.kind !== "graph") throw new Error("a graph is wanted");
    const [mul] = then.value.nodes;
    const body = { ...then.value, nodes: [{ ...mul!, op: "Add" }] };
    const attributes = {
      ...decide!.attributes,
      then_branch: { kind: "graph", value: body } as const,
    };
    const other = { ...graph, nodes: [{ ...decide!, attributes }, relu!] };
    expect(told(diffGraphs(graph, other))).toEqual([
      "node changed  then_branch {output computed otherwise 0: scaled = Mul(x, factor) -> scaled = Add(x, factor); node removed scaled = Mul(x, factor); node added scaled = Add(x, factor)}",
    ]);
  });

  test("outputs that changed places", () => {
    const g = graphBuilder("two");
    const x = g.input("x", "FP32", [2]);
    g.output("p", g.relu(x));
    g.output("q", g.tanh(x));
    const graph = g.build();
    const swap = new Map([
      ["p", "q"],
      ["q", "p"],
    ]);
    const nodes = graph.nodes.map((node) => ({
      ...node,
      outputs: node.outputs.map((name) => swap.get(name)!),
    }));
    expect(told(diffGraphs(graph, { ...graph, nodes }))).toEqual([
      "output computed otherwise p: p = Relu(x) -> p = Tanh(x)",
      "output computed otherwise q: q = Tanh(x) -> q = Relu(x)",
    ]);
  });

  test("signatures and operator sets", () => {
    const graph = network();
    const other: Graph = {
      ...graph,
      opsets: { ...graph.opsets, "": 20, "org.example": 1 },
      inputs: [
        { name: "x", type: "FP32", shape: [8, 4] },
        { name: "z", type: "BOOL", shape: [] },
      ],
    };
    expect(told(diffGraphs(graph, other))).toEqual([
      `opset : ${graph.opsets[""]} -> 20`,
      "opset org.example: undefined -> 1",
      "input changed x: FP32[n, 4] -> FP32[8, 4]",
      "input added z: undefined -> BOOL[]",
    ]);
  });

  test("weights that became inputs, without a word on the nodes that use them", () => {
    const graph = network();
    const initializers = new Map([...graph.initializers].filter(([name]) => name !== "w1"));
    const inputs = [...graph.inputs, { name: "w1", type: "FP32", shape: [4, 4] } as const];
    expect(told(diffGraphs(graph, { ...graph, initializers, inputs }))).toEqual([
      "input added w1: undefined -> FP32[4, 4]",
      "initializer removed w1",
    ]);
  });
});

describe("weights", () => {
  test("are compared by how far apart they are", () => {
    const a = tensorOf("FP32", [2, 2], [1, 2, Number.NaN, 4]);
    const b = tensorOf("FP32", [2, 2], [1, 2.5, Number.NaN, -4]);
    const graph = network();
    const [found] = diffInitializers(changedTensor(graph, "v", a), changedTensor(graph, "v", b));
    expect(found).toMatchObject({ kind: "changed", name: "v", maxAbsDifference: 8, differing: 2 });
    expect(found).toMatchObject({
      from: { sha256: "e18965c03b417eaa4a4392a5c0fa8979ca048fdbead28d4ab210913586de0560" },
    });
  });

  test("that have NaN on one side are as far apart as can be, and large integers one apart", () => {
    const pair = (a: Tensor, b: Tensor) =>
      diffInitializers(changedTensor(network(), "v", a), changedTensor(network(), "v", b))[0];
    const nan = pair(tensorOf("FP32", [1, 1], [1]), tensorOf("FP32", [1, 1], [Number.NaN]));
    expect(nan).toMatchObject({ maxAbsDifference: Number.NaN, differing: 1 });
    const big = (value: bigint): Tensor => ({
      type: "INT64",
      shape: [1, 1],
      data: BigInt64Array.of(value),
    });
    expect(pair(big(2n ** 60n), big(2n ** 60n + 1n))).toMatchObject({
      maxAbsDifference: 1,
      differing: 1,
    });
    const half = (value: number) => tensorOf("FP16", [1, 1], [value]);
    expect(pair(half(1), half(1.5))).toMatchObject({ maxAbsDifference: 0.5 });
  });

  test("that have another name but the same content are renamed", () => {
    const graph = network();
    const rename = (name: string) => (name === "w1" ? "layer.weight" : name);
    const other: Graph = {
      ...graph,
      initializers: new Map([...graph.initializers].map(([name, t]) => [rename(name), t])),
      nodes: graph.nodes.map((node) => ({ ...node, inputs: node.inputs.map(rename) })),
    };
    const changed = changedTensor(graph, "w1", tensorOf("FP32", [4, 4], new Array(16).fill(7)));
    const otherChanged = changedTensor(other, "layer.weight", changed.initializers.get("w1")!);
    expect(told(diffGraphs(changed, otherChanged))).toEqual(["initializer renamed w1"]);
  });

  test("of one name and type are the same where only the structure counts", () => {
    expect(diffGraphs(network(), network({ last: 5 }), { values: false }).equal).toBe(true);
  });
});

test("a constant of the program is known by what it is, not by the number in its name", () => {
  const scaled = (factors: readonly number[]): Graph => {
    const g = graphBuilder("scaled");
    let x = g.input("x", "FP32", [2]);
    for (const factor of factors) x = g.relu(g.mul(x, g.scalar(factor, x)));
    g.output("y", x);
    return g.build();
  };
  expect(told(diffGraphs(scaled([2, 3]), scaled([2, 5])))).toEqual(["initializer changed const_1"]);
  expect(told(diffGraphs(scaled([2, 3]), scaled([4, 2, 3])))).toEqual([
    "initializer added const_0",
    expect.stringMatching(/^node added mul_\d = Mul\(x, 4\)$/),
    expect.stringMatching(/^node added relu_\d = Relu\(mul_\d\)$/),
    expect.stringMatching(/^node changed A: x -> relu_\d$/),
  ]);
});

test("time grows with the graph, also where all of it changed", () => {
  const chain = (length: number, first: string): Graph => {
    const nodes = Array.from(
      { length },
      (_, at): Node => ({
        op: at === 0 ? first : at % 3 === 0 ? "Tanh" : "Relu",
        domain: "",
        name: "",
        inputs: [at === 0 ? "x" : `v${at - 1}`],
        outputs: [at === length - 1 ? "y" : `v${at}`],
        attributes: {},
      }),
    );
    const [x, y] = ["x", "y"].map((name) => ({ name, type: "FP32", shape: [2] }) as const);
    return {
      name: "chain",
      opsets: { "": 21 },
      inputs: [x!],
      outputs: [y!],
      initializers: new Map(),
      nodes,
    };
  };
  const found = diffGraphs(chain(20_000, "Sigmoid"), chain(20_000, "Neg"));
  expect(found.nodes).toHaveLength(3);
});

test("time grows with the number of outputs, and of weights that have only got other names", () => {
  const count = 60_000;
  const side = (op: string, prefix: string): Graph => {
    const value = (name: string) => ({ name, type: "FP32", shape: [1] }) as const;
    const outputs = Array.from({ length: count }, (_, at) => `y${at}`);
    return {
      name: "wide",
      opsets: { "": 23 },
      inputs: [value("x")],
      outputs: outputs.map(value),
      initializers: new Map(outputs.map((name) => [prefix + name, tensorOf("FP32", [1], [1])])),
      nodes: outputs.map((name) => ({
        op,
        domain: "",
        name,
        inputs: ["x"],
        outputs: [name],
        attributes: {},
      })),
    };
  };
  const found = diffGraphs(side("Relu", "a"), side("Neg", "b"));
  expect(found.outputs).toHaveLength(count);
  expect(found.initializers.every(({ kind }) => kind === "renamed")).toBe(true);
});

test("text that is longer than its key could be is compared too", () => {
  const saying = (text: string): Graph => {
    const g = graphBuilder("text");
    const options = { domain: "org.example", types: [{ type: "FP32", shape: [] }] } as const;
    g.output("y", g.node("Say", [g.input("x", "FP32", [])], { text }, options));
    return g.build();
  };
  const long = "\u0001".repeat(10 ** 8);
  expect(diffGraphs(saying(long), saying(`${long.slice(1)}\u0001`)).equal).toBe(true);
  expect(diffGraphs(saying(long), saying(`${long}!`)).nodes).toMatchObject([
    { kind: "changed", attributes: [{ name: "text" }] },
  ]);
});
