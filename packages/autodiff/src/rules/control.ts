/**
 * Gradient rules for operators that hold graphs. Each leads back through its bodies, which compute once more what
 * they need; gradients reach the inputs and what the bodies take from around them.
 */
import type { Rules, Through } from "../rule.ts";
import { shapeOf, zerosLike } from "../sizes.ts";
import { throughLoop } from "./loop.ts";
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
}: Through<"If">) {
  const names = [...wantedInside];
  const branches = [then_branch, else_branch].map((branch) =>
    g.subgraph(`${branch.name}/grad`, (b) => {
      const gradients = flow(b, branch, [], dy, wantedInside);
      for (const [index, name] of names.entries()) {
        const value = captured.get(name)!;
        b.output(`d${index}`, gradients.get(name) ?? zerosLike(b, value), {
          shape: shapeOf(value),
        });
      }
    }),
  );
  const attributes = { then_branch: branches[0], else_branch: branches[1] };
  const made = g.node("If", [cond], attributes, { outputs: names.length });
  return { inputs: [null], captured: new Map(names.map((name, index) => [name, made[index]!])) };
}
