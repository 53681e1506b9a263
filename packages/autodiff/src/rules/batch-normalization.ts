/**
 * The gradient of batch normalization. In training mode the forward pass is first written so that the statistics of
 * the batch come out of it: with a momentum of 0 they are what the running ones become.
 */
import type { GraphBuilder, Value } from "@amaas/graph";
import type { Backward, Forward, Rules } from "../rule.ts";
import { shapeOf, zerosLike } from "../sizes.ts";
import { alongChannels, inverseSpread, shareOf } from "./spread.ts";

type Node = Forward<"BatchNormalization">;
type Back = Backward<"BatchNormalization">;

export const batchNormalization = {
  BatchNormalization: {
    when: ({ training_mode, momentum }) => training_mode !== 0 && momentum !== 0,
    lower: withOwnStatistics,
    rule: (node) => (node.attributes.training_mode === 0 ? byGiven(node) : byOwn(node)),
  },
} satisfies Rules<"BatchNormalization">;

/** The running statistics keep the part `momentum` of the given ones and take the rest from the batch. */
function withOwnStatistics({ g, x: inputs, attributes: { epsilon, momentum } }: Node) {
  const [x, scale, bias, givenMean, givenVariance] = inputs;
  const [y, mean, variance] = g.node(
    "BatchNormalization",
    [x, scale, bias, ...placeholders(g, x)],
    { epsilon, momentum: 0, training_mode: 1 },
    { outputs: 3 },
  );
  const moved = (given: Value, now: Value) =>
    g.add(times(g, given, momentum), times(g, now, 1 - momentum));
  return [y, moved(givenMean, mean!), moved(givenVariance, variance!)];
}

/**
 * With s = 1 / √(var + ε): dx = scale s dy, dscale = s Σ dy (x - mean), dB = Σ dy, dmean = -scale s Σ dy, and
 * dvar = -scale s² dscale / 2.
 */
function byGiven({ g, x: [x, scale, , mean, variance], dy: [dy], attributes }: Back) {
  const d = dy ?? zerosLike(g, x);
  const s = inverseSpread(g, variance, attributes.epsilon);
  const slope = g.mul(scale, s);
  const c = g.sub(x, alongChannels(g, mean, x));
  const dScale = g.mul(s, overChannels(g, g.mul(d, c)));
  const dBias = overChannels(g, d);
  const dVariance = g.mul(g.mul(g.scalar(-0.5, s), g.mul(s, slope)), dScale);
  const dx = g.mul(d, alongChannels(g, slope, x));
  return [dx, dScale, dBias, g.neg(g.mul(slope, dBias)), dVariance] as const;
}

/**
 * With c = x - mean, s = 1 / √(var + ε), and n elements to a channel: dx = scale s (dy - (Σ dy + s² c Σ dy c) / n),
 * dscale = s Σ dy c, dB = Σ dy. With a momentum of 0 the other outputs are mean and var themselves, to which each
 * element gave 1/n and 2c/n.
 */
function byOwn({ g, x: [x, scale], y: [y], dy: [dy, dMean, dVariance], attributes }: Back) {
  const d = dy ?? zerosLike(g, x);
  const c = g.sub(x, alongChannels(g, g.outputOf(y, 1), x));
  const s = inverseSpread(g, g.outputOf(y, 2), attributes.epsilon);
  const dots = overChannels(g, g.mul(d, c));
  const sums = overChannels(g, d);
  const slope = g.mul(scale, s);
  const share = shareOf(g, x, scale);

  const pulled = g.mul(slope, sums);
  const turned = g.mul(g.mul(slope, g.mul(s, s)), dots);
  const offset = dMean ? g.sub(pulled, dMean) : pulled;
  const turn = dVariance ? g.sub(turned, times(g, dVariance, 2)) : turned;
  const [a, b, k] = [slope, g.mul(offset, share), g.mul(turn, share)].map((each) =>
    alongChannels(g, each, x),
  );
  const dx = g.sub(g.mul(d, a!), g.add(g.mul(c, k!), b!));
  return [dx, g.mul(s, dots), sums, null, null] as const;
}

/**
 * Statistics that count for nothing. onnxruntime writes the running statistics over the ones it is given, whoever
 * else reads those, be they the caller's or constants of the model; so it gets some that nobody reads.
 */
function placeholders(g: GraphBuilder, x: Value): readonly [Value, Value] {
  const axes = shapeOf(x).flatMap((_, axis) => (axis === 1 ? [] : [axis]));
  const [starts, ends] = [axes.map(() => 0), axes.map(() => 1)];
  const first = g.node("Slice", [x, g.ints(starts), g.ints(ends), g.ints(axes)]);
  const perChannel = shapeOf(x).length === 1 ? first : g.reshape(first, [-1]);
  return [perChannel, g.neg(perChannel)];
}

/** Sums over all but the channels, one number for each. */
function overChannels(g: GraphBuilder, x: Value): Value {
  const axes = shapeOf(x).flatMap((_, axis) => (axis === 1 ? [] : [axis]));
  return g.reduceSum(x, axes, { keepdims: shapeOf(x).length === 1 });
}

function times(g: GraphBuilder, x: Value, factor: number): Value {
  return g.mul(x, g.scalar(factor, x));
}
