/** Matrices whose gradients are put together of many products, and that have other uses in the same nodes. */
import type { GraphBuilder, Value } from "@amaas/graph";
import { test } from "vitest";
import { array, type Build, expectGradients } from "./oracle.fixture.ts";

const numbers = (count: number, seed: number) =>
  Array.from({ length: count }, (_, i) => Math.sin(seed + 2 * i) / 2);
const inputs = [array([2, 2], numbers(4, 1)), array([2, 2], numbers(4, 3))];

/** What is multiplied with the matrix, which is added too. */
const added = (g: GraphBuilder, x: Value, w: Value) => g.tanh(g.gemm(x, w, w));
/** The matrix multiplied with what is added too. */
const addedTo = (g: GraphBuilder, x: Value, w: Value) => g.tanh(g.gemm(w, x, w, { transA: 1 }));
/** The matrix multiplied with itself. */
const squared = (g: GraphBuilder, x: Value, w: Value) => g.add(x, g.gemm(w, w, w));

const steps = { added, addedTo, squared };

test.each(Object.entries(steps))("a matrix of many products is %s", (_, step) => {
  const build: Build = (g, [x, w]) => {
    let y = x!;
    for (let count = 0; count < 5; count++) y = step(g, y, w!);
    return y;
  };
  expectGradients({ build, inputs });
});

test.each(Object.entries(steps))("a matrix around a Scan is %s", (_, step) => {
  const build: Build = (g, [x, w]) => {
    const body = g.subgraph("step", (b) => {
      const state = b.input("state", "FP64", x!.shape!);
      const row = b.input("row", "FP64", x!.shape!.slice(1));
      b.output("next", b.add(step(b, state, w!), row));
    });
    return g.node("Scan", [x, x], { body, num_scan_inputs: 1 }, { outputs: 1 })[0]!;
  };
  expectGradients({ build, inputs });
});
