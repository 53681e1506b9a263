/** The architectures that a job can name: a new one is a file beside this and a line here. */
import { DomainError } from "@amaas/errors";
import type { ArchitectureSpec } from "@amaas/spec";
import type { Network, NetworkSize } from "../network.ts";
import { linear } from "./linear.ts";
import { mlp } from "./mlp.ts";

type Architecture = ArchitectureSpec["type"];
type SpecOf<A extends Architecture> = ArchitectureSpec & { readonly type: A };

const architectures: {
  readonly [A in Architecture]: (spec: SpecOf<A>, size: NetworkSize) => Network;
} = { mlp, linear };

/** The network of a validated job spec, for data of this size. */
export function buildNetwork(spec: ArchitectureSpec, size: NetworkSize): Network {
  const { features, outputs } = size;
  for (const [what, count] of Object.entries({ features, outputs }))
    if (!Number.isSafeInteger(count) || count < 1)
      throw new DomainError("invalid-argument", `found ${count} ${what}, wanted 1 or more`);
  return make(spec.type, spec, size);
}

/** Generic in the name, which ties the table's entry to the spec that it takes. */
function make<A extends Architecture>(name: A, spec: SpecOf<A>, size: NetworkSize): Network {
  return architectures[name](spec, size);
}
