/** Losses of a classifier: what the class that is right was given, as a logarithm, the other way up. */
import type { Shape } from "../graph.ts";
import { misfit } from "../misfit.ts";
import { aroundAxis, type NDArray, numbersOf } from "../ndarray.ts";
import { fallback, operator, optional } from "../operator.ts";
import { mergeDimensions, mergeShapes, type ValueType } from "../shape.ts";
import { normalised } from "./softmax.ts";
import { wantFloat, wantIndex, wantSame } from "./type-classes.ts";

const attributes = {
  reduction: fallback("string", "mean"),
  /** Of labels that are this, nothing is asked. */
  ignore_index: optional("int"),
};

interface Options {
  readonly reduction: string;
  readonly ignore_index: number | undefined;
}

/** The type of the loss: scores are [N, C, d1, ...], labels [N, d1, ...], weights [C]. */
function lossType(
  scores: ValueType,
  labels: ValueType,
  weights: ValueType | undefined,
  { reduction }: Options,
): ValueType {
  wantFloat("scores", scores);
  wantIndex("labels", labels);
  if (reduction !== "none" && reduction !== "sum" && reduction !== "mean")
    misfit(`there is no reduction "${reduction}", only none, sum and mean`);
  if (scores.shape && scores.shape.length < 2)
    misfit("the scores need at least two axes, of examples and of classes");
  const shape = mergeShapes(labels.shape, scores.shape?.toSpliced(1, 1));
  if (weights) {
    wantSame(scores, weights);
    const [classes, given] = [scores.shape?.[1], weights.shape?.[0]];
    if (weights.shape && weights.shape.length !== 1) misfit("the weights must be one per class");
    if (classes !== undefined && given !== undefined) mergeDimensions(classes, given);
  }
  const reduced: Shape = [];
  return { type: scores.type, shape: reduction === "none" ? shape : reduced };
}

/** The loss of log-probabilities. */
function negativeLikelihood(
  logs: NDArray,
  labels: NDArray,
  weights: NDArray | undefined,
  { reduction, ignore_index }: Options,
): NDArray {
  const { length: classes, inner } = aroundAxis(logs.shape, 1);
  const [data, label] = [numbersOf(logs), numbersOf(labels)];
  const weightOf = weights && numbersOf(weights);
  let total = 0;
  const losses = label.map((right, at) => {
    if (right === ignore_index) return 0;
    if (right < 0 || right >= classes) misfit(`label ${right} is none of the ${classes} classes`);
    const weight = weightOf?.[right] ?? 1;
    total += weight;
    const example = Math.floor(at / inner);
    return -weight * data[(example * classes + right) * inner + (at % inner)]!;
  });
  const { type } = logs;
  if (reduction === "none") return { type, shape: labels.shape, data: losses };
  const sum = losses.reduce((a, b) => a + b, 0);
  const loss = reduction === "sum" ? sum : sum / total;
  return { type, shape: [], data: Float64Array.of(loss) };
}

export const losses = {
  NegativeLogLikelihoodLoss: operator({
    inputs: ["input", "target", "weight?"],
    outputs: ["loss"],
    attributes,
    infer: ({ x: [logs, labels, weights], attributes }) => [
      lossType(logs, labels, weights, attributes),
    ],
    evaluate: ({ x: [logs, labels, weights], attributes }) => [
      negativeLikelihood(logs, labels, weights, attributes),
    ],
  }),

  SoftmaxCrossEntropyLoss: operator({
    inputs: ["scores", "labels", "weights?"],
    outputs: ["output", "log_prob?"],
    attributes,
    infer: ({ x: [scores, labels, weights], attributes }) => [
      lossType(scores, labels, weights, attributes),
      { type: scores.type, shape: scores.shape },
    ],
    evaluate({ x: [scores, labels, weights], attributes }) {
      const logs = normalised(scores, 1, (shifted, total) => shifted - Math.log(total));
      return [negativeLikelihood(logs, labels, weights, attributes), logs];
    },
  }),
};
