/**
 * The next token, at every place of a sample: of T + 1 tokens the network sees the first T, and what
 * it should say are the last T. Padding, whose id is 0, is nothing to tell.
 */
import type { GraphBuilder, Value } from "@amaas/graph";
import type { LanguageLossSpec } from "@amaas/spec";
import { classLoss } from "../losses/index.ts";
import type { BatchValues, Objective } from "./objective.ts";

export const languageModeling: Objective<"language-modeling"> = {
  labels: undefined,

  own: {
    unseen: 1,
    divide(g, features) {
      const width = features.shape?.[1];
      if (typeof width !== "number") throw new Error(`${features.label} has no known width`);
      const columns = (from: number, to: number) =>
        g.node("Slice", [features, g.ints([from]), g.ints([to]), g.ints([1])]);
      return { seen: columns(0, width - 1), labels: g.cast(columns(1, width), "INT32") };
    },
  },

  /** The mean over the sample's own tokens. */
  loss(g, batch, { loss, detach }) {
    const counted = isToken(g, batch.labels);
    const sum = g.reduceSum(g.mul(tokenLosses(g, batch, loss, detach), counted), [1]);
    const tokens = g.reduceSum(counted, [1]);
    return g.div(sum, g.node("Max", [tokens, g.scalar(1, tokens)]));
  },

  columns(g, { outputs, labels }, _, { loss }) {
    const counted = isToken(g, labels);
    const plain = { ...loss, labelSmoothing: 0 };
    const losses = tokenLosses(g, { outputs, labels }, plain, (value) => value);
    const said = g.cast(g.argMax(outputs, 2, { keepdims: false }), "INT32");
    const hit = g.cast(g.equal(said, labels), "FP32");
    const total = (each: Value) => g.reduceSum(each, [1]);
    return {
      tokenLoss: total(g.mul(losses, counted)),
      tokens: total(counted),
      tokenHits: total(g.mul(hit, counted)),
    };
  },
};

/** FP32 [batch, time]: 1 where there is a token, 0 for padding. */
function isToken(g: GraphBuilder, labels: Value): Value {
  return g.cast(g.greater(labels, g.scalar(0, labels)), "FP32");
}

/** FP32 [batch, time] */
function tokenLosses(
  g: GraphBuilder,
  { outputs, labels }: BatchValues,
  loss: LanguageLossSpec,
  detach: (value: Value) => Value,
): Value {
  const [batch, time, vocabulary] = outputs.shape ?? [];
  if (typeof batch !== "number" || typeof time !== "number" || typeof vocabulary !== "number")
    throw new Error(`${outputs.label} has no known batch, time and vocabulary`);
  const tokens = {
    scores: g.reshape(outputs, [batch * time, vocabulary]),
    labels: g.reshape(labels, [batch * time, 1]),
    weights: undefined,
    detach,
  };
  return g.reshape(classLoss(g, tokens, loss.type, loss), [batch, time]);
}
