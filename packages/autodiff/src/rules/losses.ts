/**
 * Gradient rules for the losses of a classifier. Of each example only the class that is right is asked for, so its
 * place alone is written to, and no dense matrix of ones and zeros is made.
 *
 * The weights of classes are taken for constants, as in PyTorch. An example whose label is ignored has a gradient
 * of 0, even where all are ignored and the mean loss is no number: so has it in PyTorch.
 */
import { type GraphBuilder, sizeOf, type Value } from "@amaas/graph";
import { refuse } from "../refusal.ts";
import type { Rules } from "../rule.ts";
import { sizes, zerosLike } from "../sizes.ts";

interface Options {
  readonly reduction: string;
  readonly ignore_index: number | undefined;
}

export const losses = {
  // d(-w l_c) = -w dl_c
  NegativeLogLikelihoodLoss: ({ g, x: [logs, labels, weights], dy, attributes, wanted }) => {
    if (wanted[2]) refuseWeights();
    const { index, share } = shares(g, labels, weights, dy, attributes);
    const slopes = g.scatterElements(zerosLike(g, logs), index, g.neg(share), { axis: 1 });
    return [slopes, null, null];
  },

  // With p = softmax(x): d(-w log p_c) = w (p - 1_c) dx, and what flows into the log-probabilities themselves
  // is d - p Σ d.
  SoftmaxCrossEntropyLoss: ({
    g,
    x: [, labels, weights],
    y,
    dy: [d, dLogs],
    attributes,
    wanted,
  }) => {
    if (wanted[2]) refuseWeights();
    const p = g.exp(y[1] ?? g.outputOf(y[0], 1));
    if (!d) return [dLogs && throughSoftmax(g, p, dLogs), null, null];
    const { index, share } = shares(g, labels, weights, d, attributes);
    const down = (x: Value) =>
      g.scatterElements(x, index, g.neg(share), { axis: 1, reduction: "add" });
    return [dLogs ? throughSoftmax(g, p, down(dLogs)) : down(g.mul(p, share)), null, null];
  },
} satisfies Rules<"NegativeLogLikelihoodLoss" | "SoftmaxCrossEntropyLoss">;

function throughSoftmax(g: GraphBuilder, p: Value, d: Value): Value {
  return g.sub(d, g.mul(p, g.reduceSum(d, [1])));
}

/** For each example: which class it is about, and how much of the gradient is its own, both with an axis of one class. */
function shares(
  g: GraphBuilder,
  labels: Value,
  weights: Value | undefined,
  dy: Value,
  { reduction, ignore_index }: Options,
): { readonly index: Value; readonly share: Value } {
  const ignored =
    ignore_index === undefined ? undefined : g.equal(labels, g.scalar(ignore_index, labels));
  const zero = g.scalar(0, dy);
  const kept = (value: Value): Value => (ignored ? g.where(ignored, zero, value) : value);
  // An ignored label may be no class at all.
  const index = ignored ? g.where(ignored, g.scalar(0, labels), labels) : labels;
  const weight = weights && kept(g.gather(weights, index));
  const one = g.scalar(1, dy);
  const total = (): Value => {
    if (weight) return g.reduceSum(weight, undefined, { keepdims: false });
    return ignored
      ? g.reduceSum(g.where(ignored, zero, one), undefined, { keepdims: false })
      : countOf(g, labels, dy);
  };
  const each = reduction === "mean" ? g.div(dy, total()) : dy;
  const share = kept(weight ? g.mul(weight, each) : each);
  // One for each label, since they are scattered.
  const full =
    weight || ignored || reduction === "none" ? share : g.expand(share, sizes(g, labels));
  return { index: g.unsqueeze(index, [1]), share: g.unsqueeze(full, [1]) };
}

function countOf(g: GraphBuilder, labels: Value, like: Value): Value {
  const count = sizeOf(labels.shape);
  return count === undefined ? g.cast(g.size(labels), like.type!) : g.scalar(count, like);
}

function refuseWeights(): never {
  return refuse("the weights of the classes have no gradient; name them among the constants");
}
