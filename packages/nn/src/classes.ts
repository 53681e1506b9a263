/** Scores of classes: what they are made of, the probabilities that they stand for, classes as flags. */
import type { GraphBuilder, Value } from "@amaas/graph";
import { tensor } from "@amaas/tensor";

/**
 * A network with one output tells two classes apart: it is the score of the second, and that of the
 * first is 0, since softmax(0, z) = (1 - sigmoid(z), sigmoid(z)).
 */
export function scoresOf(g: GraphBuilder, outputs: Value): Value {
  if (outputs.shape?.[1] !== 1) return outputs;
  return g.node("Pad", [outputs, g.ints([0, 1, 0, 0])]);
}

/** Probabilities of the classes, row by row. */
export function probabilities(g: GraphBuilder, scores: Value): Value {
  const { each, sum } = exponentials(g, scores, (value) => value);
  return g.div(each, sum);
}

/**
 * The exponentials of each row, and their sum. The row's largest is taken off first, so that none
 * overflows. Probabilities and losses are the same whatever is taken off, so no gradient needs to go
 * that way. onnxruntime's Softmax does the same, but with other bits on other processors.
 */
export function exponentials(g: GraphBuilder, z: Value, detach: (value: Value) => Value) {
  const shifted = g.sub(z, detach(g.reduceMax(z, [1])));
  const each = g.exp(shifted);
  return { shifted, each, sum: g.reduceSum(each, [1]) };
}

/** Whether each of 0, 1, 2, … is the number in the row: BOOL [batch, count] out of INT32 [batch, 1]. */
export function flags(g: GraphBuilder, numbers: Value, count: number): Value {
  return g.equal(numbers, upTo(g, count));
}

/** 0, 1, 2, … as INT32 [count]. */
export function upTo(g: GraphBuilder, count: number): Value {
  return g.constant(
    tensor(
      "INT32",
      [count],
      Int32Array.from({ length: count }, (_, index) => index),
    ),
  );
}

/** 1 for each class but the right one, which has 0: FP32 [batch, classes]. */
export function others(g: GraphBuilder, labels: Value, count: number): Value {
  return g.cast(g.not(flags(g, labels, count)), "FP32");
}

export function countOf(scores: Value): number {
  const count = scores.shape?.[1];
  if (typeof count !== "number") throw new Error(`${scores.label} has no known number of classes`);
  return count;
}
