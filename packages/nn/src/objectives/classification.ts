/** One of several classes, by a score for each; the label is the index of the right one. */
import type { GraphBuilder, Value } from "@amaas/graph";
import { calibrationBins, mostMatrixClasses } from "@amaas/metrics";
import { tensor } from "@amaas/tensor";
import { exponentials, flags, scoresOf, upTo } from "../classes.ts";
import { classLoss } from "../losses/index.ts";
import { type MaskedBatch, maskedSum, type Objective } from "./objective.ts";

export const classification: Objective<"classification"> = {
  labels: "INT32",

  loss(g, { outputs, labels }, { loss, classWeights, detach }) {
    const weights =
      classWeights &&
      g.constant(tensor("FP32", [classWeights.length], Float32Array.from(classWeights)));
    const batch = { scores: scoresOf(g, outputs), labels, weights, detach };
    return classLoss(g, batch, loss.type, loss);
  },

  columns(g, { outputs, labels }, { classes, topK }) {
    const scores = scoresOf(g, outputs);
    const { shifted, each, sum } = exponentials(g, scores, (value) => value);
    const p = g.div(each, sum);
    return {
      logLoss: g.sub(g.log(sum), g.gatherElements(shifted, labels, 1)),
      brier: brier(g, p, labels, classes),
      calibration: calibration(g, p, g.equal(likeliest(g, scores), labels)),
      ...(topK !== undefined && { amongTopK: amongTopK(g, scores, labels, classes, topK) }),
    };
  },

  counts(g, batch, { classes }) {
    return counts(g, batch, likeliest(g, scoresOf(g, batch.outputs)), classes);
  },
};

/** Of equal scores the first class: INT32 [batch, 1]. */
export function likeliest(g: GraphBuilder, scores: Value): Value {
  return g.cast(g.argMax(scores, 1), "INT32");
}

/**
 * Brier, 1950: sum_c (p_c - y_c)^2, y being 1 at the right class and else 0. Of two classes the half,
 * which is the square of either's error.
 */
function brier(g: GraphBuilder, p: Value, labels: Value, classes: number): Value {
  const error = g.sub(p, g.cast(flags(g, labels, classes), "FP32"));
  const sum = g.reduceSum(g.mul(error, error), [1]);
  return classes === 2 ? g.mul(sum, g.scalar(0.5, sum)) : sum;
}

/** In the bin of the sample's confidence, (i / bins, (i + 1) / bins]: whether right, less confidence. */
function calibration(g: GraphBuilder, p: Value, right: Value): Value {
  const confidence = g.reduceMax(p, [1]);
  const upper = g.node("Ceil", [g.mul(confidence, g.scalar(calibrationBins, confidence))]);
  const bin = g.sub(g.cast(upper, "INT32"), g.scalar(1, "INT32"));
  const gap = g.sub(g.cast(right, "FP32"), confidence);
  return g.mul(g.cast(flags(g, bin, calibrationBins), "FP32"), gap);
}

/** Whether fewer than k classes come before the right one; of equal scores the first class does. */
function amongTopK(g: GraphBuilder, scores: Value, labels: Value, classes: number, k: number) {
  const own = g.gatherElements(scores, labels, 1);
  const first = g.and(g.equal(scores, own), g.less(upTo(g, classes), labels));
  const before = g.cast(g.or(g.greater(scores, own), first), "FP32");
  const place = g.reduceSum(before, [1]);
  return g.cast(g.less(place, g.scalar(k, place)), "FP32");
}

function counts(
  g: GraphBuilder,
  { labels, mask }: MaskedBatch,
  predicted: Value,
  classes: number,
): Readonly<Record<string, Value>> {
  const actual = g.mul(g.cast(flags(g, labels, classes), "FP32"), mask);
  const said = g.cast(flags(g, predicted, classes), "FP32");
  // A product of flags counts, and whole numbers are exact in whatever order they are added.
  if (classes <= mostMatrixClasses)
    return { confusion: g.reshape(g.gemm(actual, said, undefined, { transA: 1 }), [-1]) };
  const sum = (columns: Value) => g.reduceSum(columns, [0], { keepdims: false });
  return {
    actual: sum(actual),
    predicted: maskedSum(g, said, mask),
    hits: sum(g.mul(actual, said)),
  };
}
