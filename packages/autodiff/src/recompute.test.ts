import { openSession } from "@amaas/engine";
import {
  evaluate,
  type Graph,
  graphBuilder,
  modelOf,
  type NDArray,
  ndarray,
  numbersOf,
  toTensor,
  type Value,
  writeModel,
} from "@amaas/graph";
import { expect, test } from "vitest";
import { gradient } from "./index.ts";

const depth = 4;
const inner = Array.from({ length: depth }, (_, layer) => [`linear_${layer}`, `active_${layer}`]);

/** Layers of which each keeps two activations. */
function deep(size: number | string): Graph {
  const g = graphBuilder("deep");
  let x = g.input("x", "FP32", [size, 8]);
  for (let layer = 0; layer < depth; layer++) {
    const w = g.input(`w${layer}`, "FP32", [8, 8]);
    const linear = g.matMul(x, w);
    const active: Value = g.mul(g.sigmoid(linear), linear);
    g.output(`linear_${layer}`, linear);
    g.output(`active_${layer}`, active);
    x = active;
  }
  g.output("loss", g.reduceSum(g.mul(x, x), undefined, { keepdims: false }));
  return g.build();
}

const wrt = Array.from({ length: depth }, (_, layer) => `w${layer}`);
const numbers = (count: number) => Array.from({ length: count }, (_, i) => Math.sin(2 * i + 1));
const feeds: Readonly<Record<string, NDArray>> = Object.fromEntries([
  ["x", ndarray("FP32", [3, 8], numbers(24))],
  ...wrt.map((name) => [name, ndarray("FP32", [8, 8], numbers(64))]),
]);

async function run(graph: Graph) {
  const session = await openSession(writeModel(modelOf(graph)));
  const tensors = Object.entries(feeds).map(([name, value]) => [name, toTensor(value)]);
  const found = await session.run(Object.fromEntries(tensors));
  await session.release();
  return found;
}

test.each([3, "n"])("changes no bit, with %s rows", async (size) => {
  const graph = deep(size);
  const kept = gradient(graph, { loss: "loss", wrt });
  const recompute = inner.slice(0, -1).flat();
  const again = gradient(graph, { loss: "loss", wrt, recompute });
  const count = (of: Graph) => of.nodes.filter(({ op }) => op === "MatMul").length;
  expect(count(again)).toBe(count(kept) + depth - 1);
  const [is, want] = [await run(again), await run(kept)];
  const oracle = evaluate(again, feeds);
  for (const name of wrt.map((each) => `grad/${each}`)) {
    expect([...(is[name]!.data as Float32Array)]).toEqual([...(want[name]!.data as Float32Array)]);
    const far = numbersOf(oracle[name]!).findIndex(
      (value, index) => Math.abs(value - Number(is[name]!.data[index])) > 1e-4,
    );
    expect(far).toBe(-1);
  }
});

test("copies only what the way back uses", () => {
  const g = graphBuilder("small");
  const x = g.input("x", "FP32", [2]);
  const sum = g.add(x, x);
  g.output("sum", sum);
  g.output("loss", g.reduceSum(sum, undefined, { keepdims: false }));
  const options = { loss: "loss", wrt: ["x"] };
  const graph = gradient(g.build(), { ...options, recompute: ["sum"] });
  expect(graph.nodes.map(({ op }) => op)).toEqual(
    gradient(g.build(), options).nodes.map(({ op }) => op),
  );
});

test("copies a chain of any length", () => {
  const g = graphBuilder("chain");
  let x = g.input("x", "FP32", [2]);
  for (let layer = 0; layer < 4000; layer++) x = g.tanh(x);
  g.output("loss", g.reduceSum(x, undefined, { keepdims: false }));
  const graph = g.build();
  const recompute = graph.nodes.slice(0, -1).map(({ outputs: [name] }) => name!);
  const { nodes } = gradient(graph, { loss: "loss", wrt: ["x"], recompute });
  expect(nodes.filter(({ op }) => op === "Tanh").length).toBe(8000);
});

test("refuses what would be other numbers", () => {
  const g = graphBuilder("drawn");
  const x = g.input("x", "FP32", [2]);
  const noise = g.node("RandomNormalLike", [x]);
  g.output("noise", noise);
  g.output("loss", g.reduceSum(g.mul(x, noise), undefined, { keepdims: false }));
  expect(() => gradient(g.build(), { loss: "loss", wrt: ["x"], recompute: ["noise"] })).toThrow(
    /RandomNormalLike, .* cannot be recomputed: it would draw other numbers/,
  );
});

test("refuses what no node makes", () => {
  const options = { loss: "loss", wrt: ["w0"] };
  expect(() => gradient(deep(3), { ...options, recompute: ["x"] })).toThrow(
    '"x" cannot be recomputed: no node makes it',
  );
});
