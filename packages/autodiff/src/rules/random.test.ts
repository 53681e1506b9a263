import { openSession } from "@amaas/engine";
import {
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
import { gradient } from "../index.ts";
import type { random } from "./random.ts";

const drawn: Record<keyof typeof random, (g: GraphBuilder, x: Value) => Value> = {
  RandomNormal: (g) => g.node("RandomNormal", [], { shape: [3] }),
  RandomUniform: (g) => g.node("RandomUniform", [], { shape: [3] }),
  RandomNormalLike: (g, x) => g.node("RandomNormalLike", [x]),
  RandomUniformLike: (g, x) => g.node("RandomUniformLike", [x]),
  Bernoulli: (g, x) => g.node("Bernoulli", [x]),
  Multinomial: (g, x) => {
    const one = g.node("Multinomial", [g.concat([x, x], 1)], { sample_size: 1 });
    return g.cast(g.squeeze(one, [1]), "FP32");
  },
};

test.each(Object.entries(drawn))("no gradient flows through %s", async (op, draw) => {
  const g = graphBuilder("drawn");
  const x = g.input("x", "FP32", op === "Multinomial" ? [3, 1] : [3]);
  const made = draw(g, x);
  const factors = op === "Multinomial" ? g.unsqueeze(made, [1]) : made;
  g.output("loss", g.reduceSum(g.mul(x, factors), undefined, { keepdims: false }));
  g.output("factors", factors);
  const derived = gradient(g.build(), { loss: "loss", wrt: ["x"] });
  const session = await openSession(writeModel(modelOf(derived)));
  const found = await session.run({
    x: toTensor(ndarray("FP32", x.shape as number[], [0.25, 0.5, 0.75])),
  });
  await session.release();
  expect(found["grad/x"]!.data).toEqual(found.factors!.data);
});

/** What noise makes of a state in each of three iterations, with a choice of the forms that bodies have. */
function noisy(noise: (b: GraphBuilder, state: Value, drawn: Value) => Value, within: string) {
  const g = graphBuilder("noisy");
  const x = g.input("x", "FP32", [3]);
  const step = (b: GraphBuilder, state: Value) =>
    noise(b, state, b.node("RandomNormalLike", [state]));
  const chosen = (b: GraphBuilder, state: Value) => {
    const then_branch = b.subgraph("then", (c) => c.output("noisy", step(c, state)));
    const else_branch = b.subgraph("else", (c) => c.output("plain", c.identity(state)));
    const condition = b.constant(tensorOf("BOOL", [], [1]));
    return b.node("If", [condition], { then_branch, else_branch }, { outputs: 1 })[0]!;
  };
  const body = g.subgraph("step", (b) => {
    if (within === "Loop") b.input("trip", "INT64", []);
    if (within === "Loop") b.output("on", b.identity(b.input("going", "BOOL", [])));
    const state = b.input("state", "FP32", [3]);
    if (within !== "Loop") b.input("row", "FP32", []);
    b.output("next", within === "If" ? chosen(b, state) : step(b, state));
  });
  const [y] =
    within === "Loop"
      ? g.node("Loop", [g.scalar(3, "INT64"), undefined, x], { body }, { outputs: 1 })
      : g.node("Scan", [x, x], { body, num_scan_inputs: 1 }, { outputs: 1 });
  g.output("loss", g.reduceSum(y!, undefined, { keepdims: false }));
  return g.build();
}

test.each(["Loop", "Scan", "If"])("numbers drawn in a body of %s are not drawn anew", (within) => {
  const request = { loss: "loss", wrt: ["x"] };
  const scaled = noisy((b, state, noise) => b.mul(state, noise), within);
  expect(() => gradient(scaled, request)).toThrow(
    /\(RandomNormalLike, .*would draw other numbers then: draw them outside/,
  );
  // Its slope is 1 whatever is drawn, so that nothing is drawn on the way back.
  const shifted = noisy((b, state, noise) => b.add(state, noise), within);
  expect(gradient(shifted, request).outputs.map(({ name }) => name)).toContain("grad/x");
});
