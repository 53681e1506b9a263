/**
 * Whether a graph is well formed: every name is made once and before it is used, every operator set is
 * imported, and types and shapes fit wherever they are known. Faults of structure are told together, and where
 * there are none, those of types.
 */
import { DomainError, isDomainError, type Violation } from "@amaas/errors";
import { describeNode, type Graph } from "./graph.ts";
import { findMisfits } from "./infer.ts";
import { clip } from "./misfit.ts";
import { subgraphsOf } from "./subgraph.ts";

const mostViolations = 20;

export function checkGraph(graph: Graph): void {
  const faults = new Faults();
  checkStructure(graph, undefined, faults);
  faults.throwIfAny(graph.name);
  checkTypes(graph);
}

function checkTypes(graph: Graph): void {
  const found: DomainError[] = [];
  findMisfits(graph, (error) => {
    if (!isDomainError(error)) throw error;
    // Whoever has so many has no use for more, and looking for them takes time.
    if (found.length === mostViolations) throw several(found);
    found.push(error);
  });
  if (found.length > 0) throw several(found);
}

function several(found: readonly DomainError[]): DomainError {
  const [first, ...more] = found;
  if (more.length === 0) return first!;
  return new DomainError(first!.code, clip(`${first!.message} (and ${more.length} more)`), {
    violations: found.map(({ message }) => ({ field: "", description: message })),
    cause: first,
  });
}

/** The names of a graph, and those of the graphs around it. */
interface Scope {
  readonly names: Set<string>;
  readonly around: Scope | undefined;
}

function isIn(scope: Scope | undefined, name: string): boolean {
  for (let at = scope; at; at = at.around) if (at.names.has(name)) return true;
  return false;
}

function checkStructure(graph: Graph, around: Scope | undefined, faults: Faults): void {
  const scope: Scope = { names: new Set(), around };
  const make = (name: string, what: () => string) => {
    if (name === "") faults.add(what(), "has no name");
    else if (isIn(scope, name)) faults.add(what(), `gives the name "${name}" a second time`);
    scope.names.add(name);
  };
  for (const { name } of graph.inputs) make(name, () => `input "${name}"`);
  for (const name of graph.initializers.keys()) make(name, () => `initializer "${name}"`);
  for (const node of graph.nodes) {
    const where = () => describeNode(node, graph.opsets);
    if (node.op === "") faults.add(where(), "has no operator");
    if (!Object.hasOwn(graph.opsets, node.domain))
      faults.add(where(), "is of an operator set that is not imported");
    for (const name of node.inputs)
      if (name !== "" && !isIn(scope, name)) faults.add(where(), missing(graph, name, faults));
    for (const inner of subgraphsOf(node)) checkStructure(inner, scope, faults);
    for (const name of node.outputs) if (name !== "") make(name, where);
  }
  const outputs = new Set<string>();
  for (const { name } of graph.outputs) {
    if (!isIn(scope, name)) faults.add(`output "${name}"`, "is made by no node");
    if (outputs.has(name)) faults.add(`output "${name}"`, "is named twice");
    outputs.add(name);
  }
}

function missing(graph: Graph, name: string, faults: Faults): string {
  // Looking for the maker takes time, which a graph full of faults must not be able to use up.
  const maker = faults.full ? undefined : graph.nodes.find((node) => node.outputs.includes(name));
  if (!maker) return `uses "${name}", which nothing makes`;
  const made = describeNode(maker, graph.opsets);
  return `uses "${name}" before ${made} makes it: the nodes form a cycle or are out of order`;
}

class Faults {
  readonly #violations: Violation[] = [];

  get full(): boolean {
    return this.#violations.length >= mostViolations;
  }

  add(field: string, description: string): void {
    if (this.full) return;
    this.#violations.push({ field: clip(field), description: clip(description) });
  }

  throwIfAny(graph: string): void {
    const [first, ...more] = this.#violations;
    if (!first) return;
    const others = more.length > 0 ? ` (and ${more.length} more)` : "";
    const message = `graph "${graph}" is not well formed: ${first.field} ${first.description}${others}`;
    throw new DomainError("invalid-argument", clip(message), { violations: this.#violations });
  }
}
