/**
 * A graph as Graphviz text: operators as boxes, inputs and outputs as ellipses, constants as notes, types on
 * the edges, a cluster for each graph inside a node. The same graph always makes the same text.
 */
import type { Tensor } from "@amaas/tensor";
import type { Graph, Node } from "./graph.ts";
import { isTyped, type Known, typesToShow } from "./infer.ts";
import { isVariadic } from "./operator.ts";
import { findOperator } from "./ops/index.ts";
import { isSmall, printAttribute, printElements } from "./print-value.ts";
import { printType } from "./shape.ts";

const longestLine = 60;

export function printDot(graph: Graph): string {
  const drawing = new Drawing();
  drawing.graph(graph, undefined, "  ");
  return [
    `digraph ${quote([graph.name])} {`,
    '  node [shape=box, style=rounded, fontname="Helvetica", fontsize=11];',
    '  edge [fontname="Helvetica", fontsize=9];',
    ...drawing.lines,
    ...drawing.edges,
    "}",
  ].join("\n");
}

/** Where the values of a graph come from, and those of the graphs around it. */
interface Scope {
  readonly sources: Map<string, string>;
  readonly constants: ReadonlyMap<string, Tensor>;
  readonly types: ReadonlyMap<string, Known>;
  readonly around: Scope | undefined;
}

function lookUp<T>(scope: Scope, find: (scope: Scope) => T | undefined): T | undefined {
  for (let at: Scope | undefined = scope; at; at = at.around) {
    const found = find(at);
    if (found !== undefined) return found;
  }
  return undefined;
}

class Drawing {
  readonly lines: string[] = [];
  /** Apart, since an edge that is named in a box draws what it comes from into that box. */
  readonly edges: string[] = [];
  readonly #counts = new Map<string, number>();
  readonly #typesOf = typesToShow();

  /** Draws a graph; answers what its outputs are drawn as. */
  graph(graph: Graph, around: Scope | undefined, indent: string): readonly string[] {
    const outside = (name: string) => around && lookUp(around, (at) => at.types.get(name));
    const types = this.#typesOf(graph, outside);
    const scope = { sources: new Map(), constants: graph.initializers, types, around };
    for (const { name } of graph.inputs)
      this.#source(scope, name, "input", 'shape=ellipse, style=""', indent);
    for (const [name, tensor] of graph.initializers)
      if (!isSmall(tensor)) this.#source(scope, name, "constant", 'shape=note, style=""', indent);
    for (const node of graph.nodes) this.#node(node, scope, indent);
    return graph.outputs.map((output) => {
      const id = this.#box("output", [output.name, printType(output)], indent, "shape=ellipse");
      this.#edge(scope, output.name, id, indent);
      return id;
    });
  }

  #node(node: Node, scope: Scope, indent: string): void {
    const constants = node.inputs.flatMap((name, slot) => {
      const constant = constantOf(scope, name);
      return constant ? [`${slotName(node, slot)} = ${printElements(constant)}`] : [];
    });
    const attributes = Object.entries(node.attributes).flatMap(([name, attribute]) =>
      attribute.kind === "graph" ? [] : [`${name}=${printAttribute(attribute)}`],
    );
    const title = node.domain === "" ? node.op : `${node.domain}.${node.op}`;
    const text = [title, ...constants, ...(attributes.length > 0 ? [attributes.join(", ")] : [])];
    const id = this.#box("node", text, indent);
    for (const name of node.inputs)
      if (name !== "" && !constantOf(scope, name)) this.#edge(scope, name, id, indent);
    for (const name of node.outputs) if (name !== "") scope.sources.set(name, id);
    for (const [name, attribute] of Object.entries(node.attributes))
      if (attribute.kind === "graph") this.#cluster(name, attribute.value, id, scope, indent);
  }

  #cluster(name: string, graph: Graph, owner: string, around: Scope, indent: string): void {
    const inner = `${indent}  `;
    this.lines.push(
      `${indent}subgraph ${this.#next("cluster_")} {`,
      `${inner}label=${quote([`${name}: ${graph.name}`])}; style=dashed; fontname="Helvetica";`,
    );
    const outputs = this.graph(graph, around, inner);
    this.lines.push(`${indent}}`);
    for (const output of outputs) this.edges.push(`  ${output} -> ${owner} [style=dashed];`);
  }

  #source(scope: Scope, name: string, kind: string, look: string, indent: string): void {
    const type = typeText(scope, name);
    scope.sources.set(name, this.#box(kind, type ? [name, type] : [name], indent, look));
  }

  /** A constant that nothing else shows is drawn where it is used. */
  #edge(scope: Scope, name: string, to: string, indent: string): void {
    const constant = constantOf(scope, name);
    const known = lookUp(scope, ({ sources }) => sources.get(name));
    if (known === undefined && !constant) return;
    const from =
      known ?? this.#box("constant", [printElements(constant!)], indent, 'shape=note, style=""');
    const type = typeText(scope, name);
    this.edges.push(`  ${from} -> ${to}${type ? ` [label=${quote([type])}]` : ""};`);
  }

  #box(kind: string, text: readonly string[], indent: string, look?: string): string {
    const id = this.#next(kind);
    this.lines.push(`${indent}${id} [label=${quote(text)}${look ? `, ${look}` : ""}];`);
    return id;
  }

  #next(stem: string): string {
    const count = this.#counts.get(stem) ?? 0;
    this.#counts.set(stem, count + 1);
    return `${stem}${count}`;
  }
}

function constantOf(scope: Scope, name: string): Tensor | undefined {
  const found = lookUp(scope, ({ constants }) => constants.get(name));
  return found && isSmall(found) ? found : undefined;
}

function typeText(scope: Scope, name: string): string | undefined {
  const known = lookUp(scope, ({ types }) => types.get(name));
  return isTyped(known) ? printType(known) : undefined;
}

/** What the operator calls its input, if it is described. */
function slotName({ domain, op }: Node, slot: number): string {
  const names = findOperator(domain, op)?.inputs ?? [];
  const name = isVariadic(names) ? undefined : names[slot];
  return name?.replace("?", "") ?? `input ${slot}`;
}

/** Lines as one quoted text: nothing in a name ends it, is taken for an escape or for an entity. */
function quote(text: readonly string[]): string {
  const escaped = text.map((line) =>
    clipped(line)
      .replace(/[\r\n\t]+/g, " ")
      .replace(/\p{Cc}/gu, "\ufffd")
      .replaceAll("\\", "\\\\")
      .replaceAll('"', '\\"')
      .replaceAll("&", "&amp;"),
  );
  return `"${escaped.join("\\n")}"`;
}

function clipped(line: string): string {
  // A letter is two units at most; names come from files and may be of any length.
  const letters = [...line.slice(0, 2 * longestLine + 1)];
  return letters.length <= longestLine ? line : `${letters.slice(0, longestLine).join("")}...`;
}
