/**
 * A graph as readable text: one line for each value, small constants in place, the graphs inside a node
 * indented beneath it. The text is for people and for snapshots; nothing reads it back.
 */
import type { Tensor } from "@amaas/tensor";
import type { Graph, Node, ValueInfo } from "./graph.ts";
import { isTyped, type Known, typesToShow } from "./infer.ts";
import { isSmall, printAttribute, printElements } from "./print-value.ts";
import { printType } from "./shape.ts";

/** Names longer than this do not push the others to the right. */
const widestColumn = 40;

export interface PrintOptions {
  /** At most so many constants are listed; the rest is counted. */
  readonly constants?: number;
  /** At most so many nodes are listed; the rest is counted. */
  readonly nodes?: number;
  /** A signature longer than this takes a line for each value. */
  readonly width?: number;
}

export function printGraph(graph: Graph, options: PrintOptions = {}): string {
  return textOf(lines(graph, graph.name, scopeOf(graph), options));
}

/** Some nodes of a graph, as `printGraph` shows them, without what stands around them. */
export function printNodes(graph: Graph, nodes: readonly Node[]): string {
  return textOf(nodeLines(nodes, scopeOf(graph), {}));
}

/** Names may hold anything; none of them makes a line of its own, or moves the cursor. */
function textOf(lines: readonly string[]): string {
  return lines.map((line) => line.replace(/\p{Cc}/gu, "\ufffd")).join("\n");
}

/** A node as a call, with its constants as far as `find` knows them: `Gemm(x, w, [0, 1], transB=1)`. */
export function printCall(node: Node, find: (name: string) => Tensor | undefined): string {
  const inputs = node.inputs.map((name) => {
    const constant = find(name);
    return constant && isSmall(constant) ? printElements(constant) : name || "_";
  });
  const attributes = Object.entries(node.attributes).flatMap(([name, attribute]) =>
    attribute.kind === "graph" ? [] : [`${name}=${printAttribute(attribute)}`],
  );
  const domain = node.domain === "" ? "" : `${node.domain}.`;
  return `${domain}${node.op}(${[...inputs, ...attributes].join(", ")})`;
}

/** A graph and those around it, whose values it may use. */
interface Scope {
  readonly graph: Graph;
  readonly types: ReadonlyMap<string, Known>;
  readonly around: Scope | undefined;
  readonly typesOf: ReturnType<typeof typesToShow>;
}

function scopeOf(graph: Graph, around?: Scope): Scope {
  const typesOf = around?.typesOf ?? typesToShow();
  const types = typesOf(graph, (name) => lookUp(around, (scope) => scope.types.get(name)));
  return { graph, types, around, typesOf };
}

function lookUp<T>(scope: Scope | undefined, find: (scope: Scope) => T | undefined): T | undefined {
  for (let at = scope; at; at = at.around) {
    const found = find(at);
    if (found !== undefined) return found;
  }
  return undefined;
}

function lines(graph: Graph, title: string, scope: Scope, options: PrintOptions): string[] {
  return [
    ...signatureLines(`${title}(`, graph.inputs, ")", options),
    ...constantLines(graph, options),
    ...nodeLines(graph.nodes, scope, options).map((line) => `  ${line}`),
    ...signatureLines("return ", graph.outputs, "", options).map((line) => `  ${line}`),
  ];
}

function signatureLines(
  before: string,
  values: readonly ValueInfo[],
  after: string,
  { width = Number.POSITIVE_INFINITY }: PrintOptions,
): string[] {
  const each = values.map((value) => `${value.name}: ${printType(value)}`);
  const line = `${before}${each.join(", ")}${after}`;
  if (line.length <= width) return [line];
  return [before.trimEnd(), ...each.map((one) => `  ${one},`), ...(after ? [after] : [])];
}

function constantLines(graph: Graph, { constants = Number.POSITIVE_INFINITY }: PrintOptions) {
  // A small one that is an output stands in no call that would show it.
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const listed = [...graph.initializers].filter(
    ([name, tensor]) => !isSmall(tensor) || outputs.has(name),
  );
  return limited(listed, constants, "constants", ([name, tensor]) => [
    `const ${name}: ${printType(tensor)}`,
  ]).map((line) => `  ${line}`);
}

function nodeLines(nodes: readonly Node[], scope: Scope, options: PrintOptions): string[] {
  const most = options.nodes ?? Number.POSITIVE_INFINITY;
  const width = nodes
    .slice(0, most)
    .map((node) => node.outputs.join(", ").length)
    .reduce((widest, length) => Math.max(widest, Math.min(length, widestColumn)), 0);
  return limited(nodes, most, "nodes", (node) => [
    `${node.outputs.join(", ").padEnd(width)} = ${printTyped(node, scope)}`,
    ...subgraphLines(node, scope, options),
  ]);
}

function printTyped(node: Node, scope: Scope): string {
  const found = node.outputs.map((name) => scope.types.get(name)).filter(isTyped);
  const call = printCall(node, (name) =>
    lookUp(scope, ({ graph }) => graph.initializers.get(name)),
  );
  return `${call} : ${found.map(printType).join(", ")}`;
}

function subgraphLines(node: Node, scope: Scope, { width }: PrintOptions): string[] {
  const options = width === undefined ? {} : { width };
  return Object.entries(node.attributes).flatMap(([name, attribute]) => {
    if (attribute.kind !== "graph") return [];
    const inner = scopeOf(attribute.value, scope);
    return lines(attribute.value, `${name}: ${attribute.value.name}`, inner, options).map(
      (line) => `    ${line}`,
    );
  });
}

function limited<T>(
  items: readonly T[],
  most: number,
  noun: string,
  print: (item: T) => readonly string[],
): string[] {
  const shown = items.slice(0, most).flatMap(print);
  return items.length <= most ? shown : [...shown, `... and ${items.length - most} more ${noun}`];
}
