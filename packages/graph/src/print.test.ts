import { tensor } from "@amaas/tensor";
import { expect, test } from "vitest";
import {
  type Graph,
  graphBuilder,
  type Node,
  printDot,
  printGraph,
  printNodes,
  summarize,
  tensorOf,
} from "./index.ts";
import { choice } from "./nested.fixture.ts";

test("the graphs inside a node stand beneath it, and show the constants from around them", () => {
  expect(printGraph(choice())).toMatchInlineSnapshot(`
    "choice(c: BOOL[], x: FP32[2])
      chosen = If(c) : FP32[2]
          then_branch: halved()
            scaled = Mul(x, 0.5) : FP32[2]
            return scaled: FP32[2]
          else_branch: kept()
            const w: FP32[2, 2]
            same = MatMul(x, w) : FP32[2]
            return same: FP32[2]
      y      = Relu(chosen) : FP32[2]
      return y: FP32[2]"
  `);
});

test("what is asked for is listed, the rest is counted", () => {
  const g = graphBuilder("long");
  let x = g.input("x", "FP32", ["n", 5]);
  for (let layer = 0; layer < 4; layer++) {
    const b = g.initializer(`b${layer}`, tensorOf("FP32", [5], [1, 2, 3, 4, 5]));
    x = g.relu(g.add(x, b));
  }
  g.output("y", x);
  expect(printGraph(g.build(), { constants: 1, nodes: 2 })).toMatchInlineSnapshot(`
    "long(x: FP32[n, 5])
      const b0: FP32[5]
      ... and 3 more constants
      add_0  = Add(x, b0) : FP32[n, 5]
      relu_0 = Relu(add_0) : FP32[n, 5]
      ... and 6 more nodes
      return y: FP32[n, 5]"
  `);
});

test("numbers are as short as their type allows", () => {
  const g = graphBuilder("short");
  const x = g.input("x", "FP32", [3]);
  const scaled = g.mul(x, g.constant(tensorOf("FP32", [3], [0.1, 1e-12, 16777217])));
  g.output("y", g.add(scaled, g.constant(tensorOf("FP32", [1], [Number.NaN]))));
  g.output("h", g.add(g.cast(x, "FP16"), g.scalar(0.1, "FP16")));
  g.output("t", g.equal(g.input("s", "BYTES", [1]), g.constant(tensor("BYTES", [1], ['"a"']))));
  expect(printGraph(g.build())).toMatchInlineSnapshot(`
    "short(x: FP32[3], s: BYTES[1])
      mul_0  = Mul(x, [0.1, 1e-12, 16777216]) : FP32[3]
      y      = Add(mul_0, [NaN]) : FP32[3]
      cast_0 = Cast(x, to=10) : FP16[3]
      h      = Add(cast_0, 0.0999755859375) : FP16[3]
      t      = Equal(s, ["\\"a\\""]) : BOOL[1]
      return y: FP32[3], h: FP16[3], t: BOOL[1]"
  `);
});

test("long lists in attributes are cut", () => {
  const graph = choice();
  const value = Array.from({ length: 1000 }, (_, index) => index / 10);
  const [, relu] = graph.nodes;
  const node = { ...relu!, attributes: { scales: { kind: "floats" as const, value } } };
  expect(printNodes(graph, [node])).toContain("1.4,1.5,... 984 more]) : FP32[2]");
});

test("Graphviz text has types on its edges and a cluster for each graph inside", () => {
  expect(printDot(choice())).toMatchInlineSnapshot(`
    "digraph "choice" {
      node [shape=box, style=rounded, fontname="Helvetica", fontsize=11];
      edge [fontname="Helvetica", fontsize=9];
      input0 [label="c\\nBOOL[]", shape=ellipse, style=""];
      input1 [label="x\\nFP32[2]", shape=ellipse, style=""];
      node0 [label="If"];
      subgraph cluster_0 {
        label="then_branch: halved"; style=dashed; fontname="Helvetica";
        node1 [label="Mul\\nB = 0.5"];
        output0 [label="scaled\\nFP32[2]", shape=ellipse];
      }
      subgraph cluster_1 {
        label="else_branch: kept"; style=dashed; fontname="Helvetica";
        constant0 [label="w\\nFP32[2, 2]", shape=note, style=""];
        node2 [label="MatMul"];
        output1 [label="same\\nFP32[2]", shape=ellipse];
      }
      node3 [label="Relu"];
      output2 [label="y\\nFP32[2]", shape=ellipse];
      input0 -> node0 [label="BOOL[]"];
      input1 -> node1 [label="FP32[2]"];
      node1 -> output0 [label="FP32[2]"];
      output0 -> node0 [style=dashed];
      input1 -> node2 [label="FP32[2]"];
      constant0 -> node2 [label="FP32[2, 2]"];
      node2 -> output1 [label="FP32[2]"];
      output1 -> node0 [style=dashed];
      node0 -> node3 [label="FP32[2]"];
      node3 -> output2 [label="FP32[2]"];
    }"
  `);
});

test("no name in a graph ends a label, and the text is the same each time", () => {
  const g = graphBuilder('a"b\\N&lt;\n\u0007');
  const x = g.input('x"];evil->y[label="', "FP32", ["n&m", 2]);
  g.output("y\\", g.relu(x));
  const graph = g.build();
  const text = printDot(graph);
  expect(printDot(graph)).toBe(text);
  const outside = text.replace(/"(?:[^"\\]|\\.)*"/g, "TEXT");
  expect(outside).not.toMatch(/["\\&]|evil/);
  expect(outside.split("\n")).toHaveLength(text.split("\n").length);
  expect(text).toContain('digraph "a\\"b\\\\N&amp;lt; \ufffd" {');
});

test("no name in a graph makes a line, and long texts are cut", () => {
  const g = graphBuilder("a\nreturn b");
  const x = g.input("x\r\n\u001b[2J", "FP32", ["n\n"]);
  const options = { domain: "org.example", types: [{ type: "FP32", shape: [] }] } as const;
  g.output("y", g.node("Read", [x], { from: "z".repeat(1000) }, options));
  const text = printGraph(g.build());
  expect(text.split("\n")).toHaveLength(3);
  expect(text).not.toMatch(/\p{Cc}(?<!\n)/u);
  expect(text).toContain(`from="${"z".repeat(256)}"... 744 more)`);
});

test("a name as long as a file is drawn without a list of its letters", () => {
  const name = "y".repeat(2 ** 26);
  const graph: Graph = {
    name: "long",
    opsets: { "": 23 },
    inputs: [{ name, type: "FP32", shape: [] }],
    outputs: [],
    initializers: new Map(),
    nodes: [],
  };
  const before = process.memoryUsage().rss;
  expect(printDot(graph)).toContain(`"${"y".repeat(60)}...`);
  expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 28);
});

test("a graph that does not fit is shown as far as it does", () => {
  const value = (name: string) => ({ name, type: "FP32", shape: [2] }) as const;
  const node = (op: string, input: string, output: string): Node => ({
    op,
    domain: "",
    name: op,
    inputs: [input],
    outputs: [output],
    attributes: {},
  });
  const graph: Graph = {
    name: "wrong",
    opsets: { "": 23 },
    inputs: [value("x")],
    outputs: [value("z")],
    initializers: new Map(),
    nodes: [node("Not", "x", "y"), node("Relu", "x", "z")],
  };
  expect(printGraph(graph)).toMatchInlineSnapshot(`
    "wrong(x: FP32[2])
      y = Not(x) : 
      z = Relu(x) : FP32[2]
      return z: FP32[2]"
  `);
  expect(printDot(graph)).toContain('label="Not"');
});

test("a summary counts what stands in the graphs inside too", () => {
  expect(summarize(choice())).toEqual({
    nodes: 2,
    innerNodes: 2,
    parameters: { tensors: 2, elements: 5, bytes: 20 },
    constants: { tensors: 0, elements: 0, bytes: 0 },
    operators: ["If", "MatMul", "Mul", "Relu"].map((op) => ({ domain: "", op, count: 1 })),
  });
});
