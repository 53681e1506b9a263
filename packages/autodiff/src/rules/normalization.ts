/**
 * Gradient rules for normalizations of each sample by itself. Throughout, c is x less the mean of what is
 * normalized together, s = 1 / √(variance + ε) its inverse spread, and e = dy scale.
 */
import { type GraphBuilder, sameDimension, type Value } from "@amaas/graph";
import { refuse } from "../refusal.ts";
import type { Rules } from "../rule.ts";
import { reshapeLike, shapeOf, sizeAt, vectorOf, zerosLike } from "../sizes.ts";
import { inverseRoot, shareOf } from "./spread.ts";

export const normalization = {
  // dx = s (e - mean e - c s² mean(e c)), dscale = Σ dy c s, dB = Σ dy. The mean and s are outputs too: of their
  // gradients each element takes its share, dMean / n and -s³ c dInvStdDev / n.
  LayerNormalization: ({ g, x: [x, scale], y: [y], dy: [dy, dMean, dSpread], attributes }) => {
    const { axis, epsilon, stash_type } = attributes;
    const axes = axesFrom(x, axis);
    // What the engine puts out is FP32; in another type the statistics are made anew.
    const same = x.type === "FP32" && stash_type === 1;
    const c = g.sub(x, same ? g.outputOf(y, 1) : g.reduceMean(x, axes));
    const s = same ? g.outputOf(y, 2) : inverseRoot(g, c, axes, epsilon);
    const share = () => shareOf(g, x, s);
    const d = dy ?? zerosLike(g, x);
    const e = g.mul(d, scale);
    const { pull, dScale } = alongRows(g, { d, e, c, s, scale, axes });
    const turned = dSpread ? g.add(pull, g.mul(like(g, dSpread, x), share())) : pull;
    const centred = g.sub(e, g.reduceMean(e, axes));
    const dx = g.mul(g.sub(centred, g.mul(c, g.mul(g.mul(s, s), turned))), s);
    return [dMean ? g.add(dx, g.mul(like(g, dMean, x), share())) : dx, dScale, d];
  },

  // dx = s (e - x s² mean(e x)), dscale = Σ dy x s
  RMSNormalization: ({ g, x: [x, scale], dy, attributes: { axis, epsilon } }) => {
    if (x.type !== scale.type)
      refuse(`X is ${x.type} and scale ${scale.type}; cast one to the type of the other`);
    const axes = axesFrom(x, axis);
    const s = inverseRoot(g, x, axes, epsilon);
    const e = g.mul(dy, scale);
    const { pull, dScale } = alongRows(g, { d: dy, e, c: x, s, scale, axes });
    return [g.mul(g.sub(e, g.mul(x, g.mul(g.mul(s, s), pull))), s), dScale];
  },

  GroupNormalization: ({ g, x: [x, scale], dy, attributes: { num_groups, epsilon } }) =>
    groupwise(g, { x, scale, dy, epsilon, groups: num_groups }),

  InstanceNormalization: ({ g, x: [x, scale], dy, attributes: { epsilon } }) =>
    groupwise(g, { x, scale, dy, epsilon, groups: undefined }),
} satisfies Rules<
  "LayerNormalization" | "RMSNormalization" | "GroupNormalization" | "InstanceNormalization"
>;

/** All axes from one on. */
function axesFrom(x: Value, axis: number): readonly number[] {
  const rank = shapeOf(x).length;
  const from = axis < 0 ? axis + rank : axis;
  return Array.from({ length: rank - from }, (_, index) => from + index);
}

function like(g: GraphBuilder, value: Value, x: Value): Value {
  return value.type === x.type || !x.type ? value : g.cast(value, x.type);
}

interface Rows {
  readonly d: Value;
  readonly e: Value;
  readonly c: Value;
  readonly s: Value;
  readonly scale: Value;
  readonly axes: readonly number[];
}

/**
 * mean(e c) of each row, and the gradient of the scale. In the usual case, one scale along the last axis, both
 * are products of d c with a vector; that spares two passes over tensors of the size of x.
 */
function alongRows(g: GraphBuilder, { d, e, c, s, scale, axes }: Rows) {
  const shape = shapeOf(c);
  const [width] = shapeOf(scale);
  const usual = axes.length === 1 && shape.length > 1 && shapeOf(scale).length === 1;
  if (!usual || !sameDimension(width!, shape.at(-1)!))
    return { pull: g.reduceMean(g.mul(e, c), axes), dScale: g.mul(d, g.mul(c, s)) };
  const product = g.mul(d, c);
  const sums = g.matMul(product, g.unsqueeze(scale, [1]));
  const rows =
    shape.length === 2 ? product : g.reshape(product, vectorOf(g, [-1, sizeAt(g, scale, 0)]));
  return {
    pull: g.mul(sums, shareOf(g, c, s)),
    dScale: g.squeeze(g.matMul(g.reshape(s, [1, -1]), rows), [0]),
  };
}

interface Groupwise {
  readonly x: Value;
  readonly scale: Value;
  readonly dy: Value;
  readonly epsilon: number;
  /** Undefined: each channel is a group. */
  readonly groups: number | undefined;
}

/**
 * dx = scale s dy - (k c + b), where k = s³ mean(e c) and b = s mean e over a group; dscale = Σ s Σ dy c and
 * dbias = Σ Σ dy. All but dx comes from two sums over each channel of each sample, which are small.
 */
function groupwise(g: GraphBuilder, { x, scale, dy, epsilon, groups }: Groupwise) {
  const planes = g.reshape(x, [0, 0, -1]);
  const whole = groups === undefined ? planes : g.reshape(x, [0, groups, -1]);
  const c = g.sub(whole, g.reduceMean(whole, [2]));
  const s = inverseRoot(g, c, [2], epsilon);
  const d = g.reshape(dy, [0, 0, -1]);

  // [samples, groups, channels of a group]
  const split = (sums: Value) => (groups === undefined ? sums : g.reshape(sums, [0, groups, -1]));
  const dots = g.reduceSum(g.mul(d, groups === undefined ? c : reshapeLike(g, c, planes)), [2]);
  const sums = g.reduceSum(d, [2]);
  const factors = groups === undefined ? g.unsqueeze(scale, [1]) : g.reshape(scale, [groups, -1]);
  const share = shareOf(g, whole, s);
  const meanOf = (sums: Value) => {
    const weighted = g.mul(split(sums), factors);
    return g.mul(groups === undefined ? weighted : g.reduceSum(weighted, [2]), share);
  };

  const k = g.mul(g.mul(g.mul(s, s), s), meanOf(dots));
  const b = g.mul(s, meanOf(sums));
  const slope = g.mul(s, factors);
  const direct = g.mul(d, groups === undefined ? slope : reshapeLike(g, slope, sums));
  const indirect = g.add(g.mul(c, k), b);
  const overSamples = (parts: Value) =>
    g.reshape(g.reduceSum(parts, [0], { keepdims: false }), [-1]);
  return [
    g.sub(reshapeLike(g, direct, x), reshapeLike(g, indirect, x)),
    overSamples(g.mul(split(dots), s)),
    overSamples(sums),
  ] as const;
}
