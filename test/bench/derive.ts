/**
 * How long it takes to derive the gradients of a graph, and how that grows with its nodes: blocks of a transformer one
 * behind the other, each with parameters of its own; once with sizes that are numbers, once with a batch and a length
 * that are symbols.
 */
import { gradient } from "@amaas/autodiff";
import { type Graph, type GraphBuilder, graphBuilder, type Shape, type Value } from "@amaas/graph";
import { zeros } from "@amaas/tensor";
import { benchOptions } from "./options.ts";
import { printReport, tell } from "./report.ts";
import { median, round } from "./statistics.ts";

benchOptions();
const layers = [8, 32, 128, 320, 640];
const rounds = 5;
const mostMs = 1000;
/** Of the time of a node, from the graph of about 1,000 to that of about 20,000. */
const mostGrowth = 1.5;
const [width, heads] = [32, 4];
const shapes = { numbers: [4, 16, width], symbols: ["batch", "length", width] } as const;

function block(g: GraphBuilder, x: Value, name: string): Value {
  const weight = (key: string, ...shape: readonly number[]) =>
    g.initializer(`${name}.${key}`, zeros("FP32", shape));
  const norm = (key: string, value: Value) =>
    g.node("LayerNormalization", [
      value,
      weight(`${key}.scale`, width),
      weight(`${key}.bias`, width),
    ]);
  const linear = (key: string, value: Value, from: number, to: number) =>
    g.add(g.matMul(value, weight(`${key}.weight`, from, to)), weight(`${key}.bias`, to));
  const split = (key: string, value: Value, perm: number[]) =>
    g.transpose(g.reshape(linear(key, value, width, width), [0, 0, heads, width / heads]), perm);
  const a = norm("norm1", x);
  const [q, k] = [split("q", a, [0, 2, 1, 3]), split("k", a, [0, 2, 3, 1])];
  const scores = g.softmax(g.mul(g.matMul(q, k), g.scalar(0.35, x)));
  const mixed = g.matMul(scores, split("v", a, [0, 2, 1, 3]));
  const joined = g.reshape(g.transpose(mixed, [0, 2, 1, 3]), [0, 0, width]);
  const y = g.add(x, linear("out", joined, width, width));
  const up = linear("up", norm("norm2", y), width, 4 * width);
  return g.add(y, linear("down", g.node("Gelu", [up]), 4 * width, width));
}

function transformer(count: number, shape: Shape): Graph {
  const g = graphBuilder("transformer");
  let x = g.input("x", "FP32", shape);
  for (let layer = 0; layer < count; layer++) x = block(g, x, `layer${layer}`);
  g.output("loss", g.reduceMean(g.mul(x, x), undefined, { keepdims: false }));
  return g.build();
}

function measure(sizes: keyof typeof shapes, count: number) {
  const graph = transformer(count, shapes[sizes]);
  const wrt = [...graph.initializers.keys()].filter((name) => name.startsWith("layer"));
  const times: number[] = [];
  let made = 0;
  for (let at = 0; at < rounds; at++) {
    const start = performance.now();
    made = gradient(graph, { loss: "loss", wrt }).nodes.length;
    times.push(performance.now() - start);
  }
  const [nodes, ms] = [graph.nodes.length, median(times)];
  return { sizes, nodes, parameters: wrt.length, made, times, ms, usPerNode: (ms * 1e3) / nodes };
}

// Until what is compiled is compiled.
for (let at = 0; at < 10; at++)
  for (const sizes of ["numbers", "symbols"] as const) measure(sizes, 8);
const found = (["numbers", "symbols"] as const).flatMap((sizes) =>
  layers.map((count) => {
    tell(`${sizes}: ${count} blocks`);
    return measure(sizes, count);
  }),
);

const near = (sizes: string, nodes: number) =>
  found
    .filter((each) => each.sizes === sizes)
    .reduce((best, each) =>
      Math.abs(each.nodes - nodes) < Math.abs(best.nodes - nodes) ? each : best,
    );
printReport({
  bench: "derive",
  header: ["sizes", "nodes", "parameters", "nodes made", "median", "of each round", "a node"],
  rows: found.map(({ sizes, nodes, parameters, made, times, ms, usPerNode }) => [
    sizes,
    String(nodes),
    String(parameters),
    String(made),
    `${round(ms)} ms`,
    times.map((time) => time.toFixed(0)).join(" "),
    `${round(usPerNode, 1)} us`,
  ]),
  targets: Object.keys(shapes).flatMap((sizes) => {
    const [one, many] = [near(sizes, 1000), near(sizes, 20_000)];
    const growth = many.usPerNode / one.usPerNode;
    return [
      {
        what: `${sizes}: ${one.nodes} nodes`,
        wanted: `at most ${mostMs} ms`,
        found: `${round(one.ms)} ms`,
        met: one.ms <= mostMs,
      },
      {
        what: `${sizes}: time of a node at ${many.nodes} against ${one.nodes} nodes`,
        wanted: `at most ${mostGrowth}`,
        found: `${round(growth, 2)}`,
        met: growth <= mostGrowth,
      },
    ];
  }),
  figures: { found },
});
