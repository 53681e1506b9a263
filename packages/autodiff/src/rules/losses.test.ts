import { evaluate, graphBuilder, ndarray, numbersOf, tensorOf } from "@amaas/graph";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { gradient, gradientName } from "../index.ts";
import { array, type Case } from "../oracle.fixture.ts";
import { arrays, judge, size } from "./judge.fixture.ts";
import { losses } from "./losses.ts";

/** Of any number of axes, with and without weights, and with labels that are ignored. */
function loss(op: string, outputs: number) {
  return fc
    .tuple(
      size,
      size,
      fc.array(size, { maxLength: 2 }),
      fc.constantFrom("INT64" as const, "INT32" as const),
    )
    .chain(([examples, classes, rest, type]) => {
      const count = [examples, ...rest].reduce((product, n) => product * n, 1);
      return fc
        .record({
          scores: arrays([examples, classes, ...rest]),
          labels: fc.array(fc.nat(classes - 1), { minLength: count, maxLength: count }),
          weights: fc.option(
            fc.array(fc.constantFrom(0.5, 1, 3), { minLength: classes, maxLength: classes }),
            { nil: undefined },
          ),
          ignored: fc.constantFrom(undefined, -100, 0),
          reduction: fc.constantFrom("none", "sum", "mean"),
        })
        .map(({ scores, labels, weights, ignored, reduction }): Case => {
          // One label at least is asked for, or the mean would be no number.
          const asked = labels.some((label) => label !== ignored);
          const attributes = { reduction, ignore_index: asked ? ignored : undefined };
          const given =
            ignored === -100 ? labels.map((label, at) => (at === 0 ? label : -100)) : labels;
          return {
            build: (g, [x, at]) => {
              const w = weights && g.constant(tensorOf(x!.type as "FP64", [classes], weights));
              const inputs = w ? [x, at, w] : [x, at];
              if (outputs === 1) return g.node(op, inputs, attributes);
              const [y, logs] = g.node(op, inputs, attributes, { outputs });
              return g.add(g.reduceSum(y!, undefined, { keepdims: false }), logs!);
            },
            inputs: [scores, ndarray(type, [examples, ...rest], given)],
          };
        });
    });
}

judge(losses, {
  NegativeLogLikelihoodLoss: loss("NegativeLogLikelihoodLoss", 1),
  SoftmaxCrossEntropyLoss: fc
    .constantFrom(1, 2)
    .chain((outputs) => loss("SoftmaxCrossEntropyLoss", outputs)),
});

describe("labels that are all ignored", () => {
  const slopes = (reduction: string) => {
    const g = graphBuilder("ignored");
    const x = g.input("x", "FP64", [2, 3]);
    const labels = g.input("labels", "INT64", [2]);
    g.output(
      "loss",
      g.node("SoftmaxCrossEntropyLoss", [x, labels], { reduction, ignore_index: -1 }),
    );
    const made = evaluate(gradient(g.build(), { loss: "loss", wrt: ["x"] }), {
      x: array([2, 3], [1, 2, 3, 4, 5, 6]),
      labels: ndarray("INT64", [2], [-1, -1]),
    });
    const sizes = numbersOf(made[gradientName("x")]!).map(Math.abs);
    return { loss: numbersOf(made.loss!)[0], largest: Math.max(...sizes) };
  };

  test("have no mean loss, and no gradient either way", () => {
    expect(slopes("mean")).toEqual({ loss: Number.NaN, largest: 0 });
    expect(slopes("sum")).toEqual({ loss: 0, largest: 0 });
  });
});

test("the weights of the classes are refused by name", () => {
  const g = graphBuilder("weighted");
  const x = g.input("x", "FP64", [2, 3]);
  const labels = g.input("labels", "INT64", [2]);
  const weights = g.input("weights", "FP64", [3]);
  g.output("loss", g.node("NegativeLogLikelihoodLoss", [x, labels, weights]));
  expect(() => gradient(g.build(), { loss: "loss", wrt: ["weights"] })).toThrow(
    "the weights of the classes have no gradient; name them among the constants",
  );
});
