/**
 * Gradient rules for activation functions. At a kink the slope is that of PyTorch, which for most is the slope on
 * the left. Slopes are chosen so that nothing large is ever multiplied by zero: they stay finite where the
 * functions do.
 */
import type { GraphBuilder, Value } from "@amaas/graph";
import type { Rules } from "../rule.ts";
import { gelu } from "./gelu.ts";

export const activations = {
  LeakyRelu: ({ g, x: [a], dy, attributes: { alpha } }) => [
    g.where(isPositive(g, a), dy, g.mul(dy, g.scalar(alpha, dy))),
  ],

  // Left of 0 the slope is α e^a = y + α; with α = 1 that is 1 where y is 0, so that it needs no choice.
  Elu: ({ g, x: [a], y, dy, attributes: { alpha } }) => {
    const one = g.scalar(1, y);
    if (alpha === 1) return [g.mul(dy, g.add(negativePart(g, y), one))];
    return [g.mul(dy, g.where(isPositive(g, a), one, g.add(y, g.scalar(alpha, y))))];
  },

  // γ, and left of 0 γ α e^a = y + γ α
  Selu: ({ g, x: [a], y, dy, attributes: { alpha, gamma } }) => {
    const left = g.add(y, g.scalar(gamma * alpha, y));
    return [g.mul(dy, g.where(isPositive(g, a), g.scalar(gamma, y), left))];
  },

  // Left of 0 the slope is e^(a/α) = y/α + 1, and right of it 1.
  Celu: ({ g, y, dy, attributes: { alpha } }) => {
    const bent = g.mul(negativePart(g, y), g.scalar(1 / alpha, y));
    return [g.mul(dy, g.add(bent, g.scalar(1, y)))];
  },

  ThresholdedRelu: ({ g, x: [a], dy, attributes: { alpha } }) => [
    g.where(g.greater(a, g.scalar(alpha, a)), dy, g.scalar(0, dy)),
  ],

  // α between the bounds, and not on them
  HardSigmoid: ({ g, y, dy, attributes: { alpha } }) => {
    const inside = g.and(isPositive(g, y), g.less(y, g.scalar(1, y)));
    return [g.mul(dy, g.where(inside, g.scalar(alpha, dy), g.scalar(0, dy)))];
  },

  Shrink: ({ g, x: [a], dy, attributes: { lambd } }) => [
    g.where(g.greater(g.abs(a), g.scalar(lambd, a)), dy, g.scalar(0, dy)),
  ],

  Gelu: gelu,

  Softplus: ({ g, x: [a], dy }) => [g.mul(dy, g.sigmoid(a))],

  // 1 / (1 + |a|)²
  Softsign: ({ g, x: [a], dy }) => {
    const size = g.add(g.abs(a), g.scalar(1, a));
    return [g.div(g.div(dy, size), size)];
  },

  // a/3 + 1/2 between -3 and 3; outside 0 and 1
  HardSwish: ({ g, x: [a], dy }) => {
    const between = g.add(g.mul(a, g.scalar(1 / 3, a)), g.scalar(0.5, a));
    const below = g.where(g.less(a, g.scalar(3, a)), between, g.scalar(1, a));
    const slope = g.where(g.lessOrEqual(a, g.scalar(-3, a)), g.scalar(0, a), below);
    return [g.mul(dy, slope)];
  },

  // Spelled out, the gradient takes over what the forward pass has computed.
  Mish: { lower: ({ g, x: [a] }) => g.mul(a, g.tanh(g.node("Softplus", [a]))) },

  PRelu: ({ g, x: [a, slope], dy, wanted }) => [
    wanted[0] ? g.where(isPositive(g, a), dy, g.mul(dy, slope)) : null,
    wanted[1] ? g.mul(dy, negativePart(g, a)) : null,
  ],
} satisfies Rules<
  | "LeakyRelu"
  | "Elu"
  | "Selu"
  | "Celu"
  | "ThresholdedRelu"
  | "HardSigmoid"
  | "Shrink"
  | "Gelu"
  | "Softplus"
  | "Softsign"
  | "HardSwish"
  | "Mish"
  | "PRelu"
>;

function isPositive(g: GraphBuilder, x: Value): Value {
  return g.greater(x, g.scalar(0, x));
}

function negativePart(g: GraphBuilder, x: Value): Value {
  return g.node("Min", [x, g.scalar(0, x)]);
}
