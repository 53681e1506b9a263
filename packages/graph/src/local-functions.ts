/** The operators that a file defines out of others, and the operator sets that its graph is of without them. */
import type { FunctionProto, GraphProto, NodeProto } from "@amaas/proto/onnx/onnx";
import { defaultOpset, type Opsets } from "./graph.ts";
import { misfit, within } from "./misfit.ts";
import { domainOf, opsetsOf } from "./read-opsets.ts";

export interface LocalFunction {
  readonly name: string;
  readonly proto: FunctionProto;
  readonly opsets: Opsets;
  /** The memory that one reading of it takes. */
  readonly cost: number;
}

export class LocalFunctions {
  readonly #functions = new Map<string, LocalFunction>();

  constructor(protos: readonly FunctionProto[], costs: readonly number[]) {
    for (const [index, proto] of protos.entries()) {
      const name = nameOf(proto.domain, proto.name, proto.overload);
      within(
        () => `function "${name}"`,
        () => {
          // Whether it or the operator of ONNX is meant is left to each runtime.
          if (domainOf(proto.domain) === "") misfit("it is in ONNX's own domain; give it another");
          const key = keyOf(proto.domain, proto.name, proto.overload);
          if (this.#functions.has(key)) misfit("it is defined twice");
          const opsets = opsetsOf(proto.opsetImport);
          this.#functions.set(key, { name, proto, opsets, cost: costs[index] ?? 0 });
        },
      );
    }
  }

  /** The function that a node calls, if it calls one. */
  find(node: Pick<NodeProto, "domain" | "opType" | "overload">): LocalFunction | undefined {
    if (this.#functions.size === 0) return undefined;
    return this.#functions.get(keyOf(node.domain, node.opType, node.overload));
  }

  /** The operator sets once every call is replaced by its nodes, and those of ai.onnx are converted. */
  opsetsWithout(graph: GraphProto, own: Opsets): Opsets {
    const functions = [...this.#functions.values()];
    const defined = new Set(functions.map(({ proto }) => domainOf(proto.domain)));
    const used = new Set<string>();
    for (const { proto } of functions) this.#addDomains(proto.node, used);
    if (functions.length > 0) this.#addDomains(graph.node, used);
    const opsets = new Map<string, number>();
    for (const imports of [own, ...functions.map((each) => each.opsets)])
      for (const [domain, version] of Object.entries(imports)) {
        if (defined.has(domain) && !used.has(domain)) continue;
        const other = opsets.get(domain) ?? version;
        if (domain !== "" && other !== version)
          misfit(`it is written in opset ${other} of ${domain} and in opset ${version}`);
        opsets.set(domain, version);
      }
    return Object.fromEntries(opsets.set("", defaultOpset));
  }

  #addDomains(nodes: readonly NodeProto[], domains: Set<string>): void {
    for (const node of nodes) {
      if (!this.find(node)) domains.add(domainOf(node.domain));
      for (const { g } of node.attribute) if (g) this.#addDomains(g.node, domains);
    }
  }
}

/** Any of the three may have dots and colons in it. */
function keyOf(domain: string, name: string, overload: string): string {
  return JSON.stringify([domainOf(domain), name, overload]);
}

function nameOf(domain: string, name: string, overload: string): string {
  const plain = `${domainOf(domain)}.${name}`;
  return overload === "" ? plain : `${plain}:${overload}`;
}
