/** A graph that onnxruntime's optimizer rewrites wrongly as it is, and whose gradient it leaves right. */
import { openSession } from "@amaas/engine";
import {
  evaluate,
  fromTensor,
  type Graph,
  type GraphBuilder,
  graphBuilder,
  modelOf,
  ndarray,
  tensorOf,
  toTensor,
  type Value,
  writeModel,
} from "@amaas/graph";
import { expect, test } from "vitest";
import { gradient } from "./index.ts";
import { expectClose, type Feeds } from "./oracle.fixture.ts";

const x = ndarray("FP32", [3, 3], [0.5, -1, 2, 0.25, 3, -0.5, 1, 0, -2]);
const matrix = ndarray("FP32", [3, 3], [1, 2, -1, 0.5, 0, 3, -2, 1, 1.5]);

function padded(g: GraphBuilder, a: Value, w: Value): Value {
  const cube = g.transpose(g.unsqueeze(g.mul(a, w), [0]), [2, 0, 1]);
  const wide = g.node("Pad", [cube, g.ints([1, 0, 2, 1]), undefined, g.ints([0, -1])]);
  return g.transpose(wide, [1, 2, 0]);
}

function inBranch(g: GraphBuilder, a: Value, w: Value): Value {
  const then_branch = g.subgraph("then", (b) => b.output("wide", padded(b, a, w)));
  const else_branch = g.subgraph("else", (b) => {
    const size = b.constant(tensorOf("INT64", [3], [1, 4, 6]));
    b.output("none", b.expand(b.scalar(0, a), size));
  });
  const yes = g.constant(tensorOf("BOOL", [], [1]));
  return g.node("If", [yes], { then_branch, else_branch }, { outputs: 1 })[0]!;
}

test.each([
  ["a graph", padded],
  ["a branch", inBranch],
] as const)("a Pad told of two axes of three, between transpositions, in %s", async (_, build) => {
  const g = graphBuilder("case");
  const [a, w] = [g.input("x", "FP32", x.shape), g.input("w", "FP32", x.shape)];
  const y = build(g, a, w);
  g.output("loss", g.reduceSum(g.mul(y, y), undefined, { keepdims: false }));
  g.output("y", y);
  const graph = g.build();
  const feeds: Feeds = { x, w: matrix };
  const derived = gradient(graph, { loss: "loss", wrt: ["x", "w"] });
  const expected = evaluate(derived, feeds);
  for (const optimization of ["disabled", "basic", "all"] as const) {
    const found = await onEngine(derived, feeds, optimization);
    for (const name of Object.keys(expected)) expectClose(found[name]!, expected[name]!, 1e-5);
  }
  // When this no longer differs, the engine is mended, and Pad can keep its axes.
  await expect(
    onEngine(graph, feeds, "all").then((found) => expectClose(found.y!, expected.y!, 1e-5)),
  ).rejects.toThrow();
});

test("axes may be of either type, and seen only when the graph runs", () => {
  for (const type of ["INT32", "INT64"] as const) {
    const g = graphBuilder("case");
    const [a, pads] = [g.input("x", "FP32", x.shape), g.input("pads", "INT64", [2])];
    const y = g.node("Pad", [a, pads, undefined, g.input("axes", type, [1])]);
    g.output("loss", g.reduceSum(g.mul(y, y), undefined, { keepdims: false }));
    const derived = gradient(g.build(), { loss: "loss", wrt: ["x"] });
    const found = evaluate(derived, {
      x,
      pads: ndarray("INT64", [2], [1, -1]),
      axes: ndarray(type, [1], [-1]),
    });
    expectClose(found["grad/x"]!, ndarray("FP32", [3, 3], [1, -2, 0, 0.5, 6, 0, 2, 0, 0]), 0);
  }
});

async function onEngine(graph: Graph, feeds: Feeds, optimization: "disabled" | "basic" | "all") {
  const session = await openSession(writeModel(modelOf(graph)), { optimization });
  try {
    const tensors = Object.entries(feeds).map(([name, value]) => [name, toTensor(value)]);
    const made = await session.run(Object.fromEntries(tensors));
    return Object.fromEntries(
      Object.entries(made).map(([name, value]) => [name, fromTensor(value)]),
    );
  } finally {
    await session.release();
  }
}
