/** The functions that layers can end in. */
import type { GraphBuilder, Value } from "@amaas/graph";
import type { Activation } from "@amaas/spec";
import type { Initialization } from "../network.ts";

const activations: { readonly [A in Activation]: (g: GraphBuilder, x: Value) => Value } = {
  relu: (g, x) => g.relu(x),
  tanh: (g, x) => g.tanh(x),
  sigmoid: (g, x) => g.sigmoid(x),
  // Hendrycks and Gimpel, 2016: x Φ(x)
  gelu: (g, x) => g.node("Gelu", [x]),
};

export function activate(g: GraphBuilder, x: Value, activation: Activation): Value {
  return activations[activation](g, x);
}

/** He's wider range makes up for the half that ReLU cuts off. */
export function uniformFor(activation: Activation | undefined): Initialization {
  return activation === "relu" || activation === "gelu" ? "he-uniform" : "glorot-uniform";
}
