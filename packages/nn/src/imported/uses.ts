/** What initializers of a graph are used for: the operators that take them, and as which of their inputs. */
import type { Graph } from "@amaas/graph";

export interface Use {
  readonly op: string;
  readonly place: number;
}

export function usesOf({ nodes }: Graph): ReadonlyMap<string, readonly Use[]> {
  const uses = new Map<string, Use[]>();
  for (const { op, domain, inputs } of nodes)
    for (const [place, name] of inputs.entries()) {
      if (domain !== "" || name === "") continue;
      const known = uses.get(name);
      if (known) known.push({ op, place });
      else uses.set(name, [{ op, place }]);
    }
  return uses;
}
