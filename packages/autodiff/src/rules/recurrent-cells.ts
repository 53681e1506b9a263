/**
 * One step of a recurrent layer in plain operators. Values stand with features in rows and the batch in columns: then
 * the product with the weights is R h, which engines compute without rearranging R each time (on one thread of an
 * x86, onnxruntime takes 1.3 to 2.6 times as long for h Rᵀ), and gates are cut apart without moving anything.
 */
import type { Activation, GraphBuilder, Value } from "@amaas/graph";

/** The weights of one direction. */
export interface Weights {
  /** For each part, the rows of R that belong to it. */
  readonly recurrence: readonly Value[];
  /** What is added to the product of R with h where that stands by itself, as a column. */
  readonly bias: Value | undefined;
  /** LSTM's weights of the cell in i, o and f, as columns. */
  readonly peepholes: readonly Value[] | undefined;
}

export interface Cell {
  readonly hidden: number;
  /** How many gates there are, in the parts that are multiplied with R together. */
  readonly parts: readonly number[];
  /** The part whose bias of R is not added to that of W. */
  readonly biasApart: number | undefined;
  /** h, or h and c. */
  readonly states: 1 | 2;
  /** `shares` holds W x + b for each part. */
  advance(
    b: GraphBuilder,
    states: readonly Value[],
    shares: readonly Value[],
    weights: Weights,
  ): readonly Value[];
}

/** Activations by their place, with what is done before. */
export type Act = (b: GraphBuilder, index: number, x: Value) => Value;

export function actOf(activations: readonly Activation[], clip: number | undefined): Act {
  return (b, index, x) => {
    const clipped =
      clip === undefined ? x : b.node("Clip", [x, b.scalar(-clip, x), b.scalar(clip, x)]);
    return activation(b, activations[index]!, clipped);
  };
}

export function activation(b: GraphBuilder, { name, alpha, beta }: Activation, x: Value): Value {
  switch (name) {
    case "Affine":
      return b.add(b.mul(x, b.scalar(alpha, x)), b.scalar(beta, x));
    case "ScaledTanh":
      return b.mul(b.tanh(b.mul(x, b.scalar(beta, x))), b.scalar(alpha, x));
    case "HardSigmoid":
      return b.node(name, [x], { alpha, beta });
    case "LeakyRelu":
    case "ThresholdedRelu":
    case "Elu":
      return b.node(name, [x], { alpha });
    default:
      return b.node(name, [x]);
  }
}

// h' = f(W x + R h + b)
export function simpleCell(hidden: number, act: Act): Cell {
  return {
    hidden,
    parts: [1],
    biasApart: undefined,
    states: 1,
    advance: (b, [h], [share], { recurrence: [r] }) => [act(b, 0, b.gemm(r!, h!, share))],
  };
}

// z, r = f(..), h' = n + z (h - n) with n = g(W x + R (r h) + b), or g(W x + b + r (R h + b'))
export function gatedCell(hidden: number, act: Act, linearBeforeReset: boolean): Cell {
  return {
    hidden,
    parts: [2, 1],
    biasApart: linearBeforeReset ? 1 : undefined,
    states: 1,
    advance(b, [h], [gates, share], { recurrence: [zr, rn], bias }) {
      const both = b.split(b.gemm(zr!, h!, gates), [hidden, hidden]);
      const [z, r] = both.map((gate) => act(b, 0, gate));
      const inside = linearBeforeReset
        ? b.add(share!, b.mul(r!, b.gemm(rn!, h!, bias)))
        : b.gemm(rn!, b.mul(r!, h!), share);
      const n = act(b, 1, inside);
      return [b.add(n, b.mul(z!, b.sub(h!, n)))];
    },
  };
}

// i, o, f = f(.. + P c), c' = f c + i g(..), h' = o h(c'), where o sees c'; coupled, f = 1 - i
export function longShortCell(hidden: number, act: Act, actFreely: Act, coupled: boolean): Cell {
  return {
    hidden,
    parts: [4],
    biasApart: undefined,
    states: 2,
    advance(b, [h, before], [share], { recurrence: [r], peepholes }) {
      // Apart before they are activated: what is kept for the way back is kept once.
      const parts = b.split(b.gemm(r!, h!, share), [hidden, hidden, hidden, hidden]);
      const gate = (index: number, c: Value) => {
        const weight = peepholes?.[index];
        return act(b, 0, weight ? b.add(parts[index]!, b.mul(weight, c)) : parts[index]!);
      };
      const i = gate(0, before!);
      const f = coupled ? b.sub(b.scalar(1, i), i) : gate(2, before!);
      const c = b.add(b.mul(f, before!), b.mul(i, act(b, 1, parts[3]!)));
      return [b.mul(gate(1, c), actFreely(b, 2, c)), c];
    },
  };
}
