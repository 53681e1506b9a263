/** A graph as readable text: one line for each value, small constants in place. */
import type { Tensor } from "@amaas/tensor";
import type { Attribute, Graph, Node } from "./graph.ts";
import { inferTypes, isTyped, type Known } from "./infer.ts";
import { printType } from "./shape.ts";
import { freeNames } from "./subgraph.ts";

/** Constants of up to this many elements are printed where they are used. */
const inlineElements = 4;

export function printGraph(graph: Graph): string {
  const types = inferTypes(graph);
  const width = graph.nodes.reduce((w, node) => Math.max(w, node.outputs.join(", ").length), 0);
  const lines = [
    `${graph.name}(${graph.inputs.map((input) => `${input.name}: ${printType(input)}`).join(", ")})`,
    ...[...graph.initializers]
      .filter(([, tensor]) => !isSmall(tensor))
      .map(([name, tensor]) => `  const ${name}: ${printType(tensor)}`),
    ...graph.nodes.map((node) => `  ${printNode(node, graph, types, width)}`),
    `  return ${graph.outputs.map((output) => `${output.name}: ${printType(output)}`).join(", ")}`,
  ];
  return lines.join("\n");
}

function printNode(
  node: Node,
  graph: Graph,
  types: ReadonlyMap<string, Known>,
  width: number,
): string {
  const inputs = node.inputs.map((name) => printInput(name, graph));
  const attributes = Object.entries(node.attributes).map(
    ([name, attribute]) => `${name}=${printAttribute(attribute)}`,
  );
  const domain = node.domain === "" ? "" : `${node.domain}.`;
  const call = `${domain}${node.op}(${[...inputs, ...attributes].join(", ")})`;
  const found = node.outputs.map((name) => types.get(name)).filter(isTyped);
  return `${node.outputs.join(", ").padEnd(width)} = ${call} : ${found.map(printType).join(", ")}`;
}

function printInput(name: string, graph: Graph): string {
  const constant = graph.initializers.get(name);
  if (!constant || !isSmall(constant)) return name || "_";
  const elements = Array.from<unknown>(constant.data).map((element) =>
    typeof element === "string" ? JSON.stringify(element) : String(element),
  );
  return constant.shape.length === 0 ? elements.join("") : `[${elements.join(", ")}]`;
}

function isSmall({ shape, data }: Tensor): boolean {
  return shape.length <= 1 && data.length <= inlineElements;
}

function printAttribute(attribute: Attribute): string {
  switch (attribute.kind) {
    case "tensor":
      return printType(attribute.value);
    case "graph":
      return `{${[...freeNames(attribute.value)].join(", ")} => ${attribute.value.name}}`;
    default:
      return JSON.stringify(attribute.value);
  }
}
