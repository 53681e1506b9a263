/**
 * Gradient rules for operators that hold graphs. Each leads back through its bodies, which compute once more what
 * they need; gradients reach the inputs and what the bodies take from around them.
 */
import type { GraphBuilder, Subgraph, Value } from "@amaas/graph";
import type { BodyGradients, Rules, Through } from "../rule.ts";
import { shapeOf, zerosLike } from "../sizes.ts";
import { throughLoop } from "./loop.ts";
import { undrawn } from "./random.ts";
import { throughScan } from "./scan.ts";

export const control = {
  If: { through: throughIf },
  Loop: { through: throughLoop },
  Scan: { through: throughScan },
} satisfies Rules<"If" | "Loop" | "Scan">;

// The branch that was taken is led back through; what only the other one uses gets zeros.
function throughIf({
  g,
  x: [cond],
  dy,
  attributes: { then_branch, else_branch },
  wantedInside,
  captured,
  flow,
}: Through<"If">): BodyGradients {
  let otherwise: Subgraph | undefined;
  let names: readonly string[] = [];
  const put = (b: GraphBuilder, gradients: ReadonlyMap<string, Value>) => {
    for (const [index, name] of names.entries()) {
      const value = captured.get(name)!;
      const gradient = gradients.get(name) ?? zerosLike(b, value);
      b.output(`d${index}`, gradient, { shape: shapeOf(value) });
    }
  };
  // One while the other is being written, since what they put out is known when both have been led through.
  const then = g.subgraph(`${then_branch.name}/grad`, (a) => {
    const ofThen = flow(a, then_branch, [], dy, wantedInside);
    otherwise = g.subgraph(`${else_branch.name}/grad`, (b) => {
      const ofElse = flow(b, else_branch, [], dy, wantedInside);
      names = [...wantedInside].filter((name) => ofThen.has(name) || ofElse.has(name));
      put(b, ofElse);
    });
    put(a, ofThen);
  });
  if (names.length === 0) return { inputs: [null], captured: new Map() };
  const attributes = { then_branch: undrawn(then), else_branch: undrawn(otherwise!) };
  const made = g.node("If", [cond], attributes, { outputs: names.length });
  return { inputs: [null], captured: new Map(names.map((name, index) => [name, made[index]!])) };
}
