/** The gradient of the Gaussian error linear unit, y = a Φ(a), and of its approximation by tanh. */
import type { GraphBuilder, Value } from "@amaas/graph";
import type { Rule } from "../rule.ts";

export const gelu: Rule<"Gelu"> = ({ g, x: [a], dy, attributes: { approximate } }) => [
  g.mul(dy, approximate === "tanh" ? slopeOfApproximation(g, a) : slope(g, a)),
];

/** Φ(a) + a φ(a), with u = a/√2: Φ = (1 + erf u)/2 and φ = e^(log(1/√2π) - u²) */
function slope(g: GraphBuilder, a: Value): Value {
  const scalar = (value: number) => g.scalar(value, a);
  const u = g.mul(a, scalar(Math.SQRT1_2));
  const share = g.mul(g.add(g.node("Erf", [u]), scalar(1)), scalar(0.5));
  const density = g.exp(g.sub(scalar(Math.log(1 / Math.sqrt(2 * Math.PI))), g.mul(u, u)));
  return g.add(share, g.mul(a, density));
}

/**
 * With v = 2 √(2/π) (a + 0.044715 a³) the approximation is a s, s = sigmoid(v), since (1 + tanh(v/2))/2 is that.
 * Its slope is s + a s (1 - s) v' = s (1 + (1 - s) a v').
 */
function slopeOfApproximation(g: GraphBuilder, a: Value): Value {
  const scalar = (value: number) => g.scalar(value, a);
  const linear = 2 * Math.sqrt(2 / Math.PI);
  const square = g.mul(g.mul(a, a), scalar(0.044715 * linear));
  const s = g.sigmoid(g.mul(a, g.add(square, scalar(linear))));
  const growth = g.mul(a, g.add(g.mul(square, scalar(3)), scalar(linear)));
  return g.mul(s, g.add(g.mul(g.sub(scalar(1), s), growth), scalar(1)));
}
