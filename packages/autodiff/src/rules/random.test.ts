import { openSession } from "@amaas/engine";
import {
  type GraphBuilder,
  graphBuilder,
  modelOf,
  ndarray,
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
