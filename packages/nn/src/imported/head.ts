/**
 * The last dense layer of a graph, which a new one takes the place of: Gemm, or MatMul with a bias added or not, and
 * behind it nothing but what turns scores into shares or gives them another form.
 */
import type { Graph, Node } from "@amaas/graph";
import { faultySpec } from "@amaas/spec";
import { isA, makersIn, type Part, partFor } from "./part.ts";

const behind = [
  "Softmax",
  "LogSoftmax",
  "Sigmoid",
  "Identity",
  "Dropout",
  "Flatten",
  "Squeeze",
  "Reshape",
] as const;

/** What is left of the part without it: its output is what the layer was given. */
export function withoutHead(part: Part): Part {
  const makers = makersIn(part.graph);
  let last = makers.get(part.output);
  while (isA(last, ...behind)) last = makers.get(last.inputs[0]!);
  const product = isA(last, "Add") ? addedTo(last, part.graph, makers) : last;
  const given = isA(product, "Gemm", "MatMul") ? givenTo(product, part.graph) : undefined;
  if (given !== undefined)
    return partFor(part.graph, { output: given, field: "architecture.head.outputs" });
  const found = last ? `${last.op} "${last.name}"` : `"${part.output}"`;
  const description = `found "replace", but ${found} makes the output, wanted a dense layer: Gemm, or MatMul and Add, with weights of the file`;
  throw faultySpec([{ field: "architecture.head.outputs", description }]);
}

/** The product that a bias is added to. */
function addedTo({ inputs }: Node, { initializers }: Graph, makers: ReadonlyMap<string, Node>) {
  if (!inputs.some((name) => initializers.has(name))) return undefined;
  return makers.get(inputs.find((name) => !initializers.has(name)) ?? "");
}

/** What is multiplied with the weights, where rows of it are samples. */
function givenTo({ inputs, attributes }: Node, graph: Graph): string | undefined {
  const [x = "", weight = ""] = inputs;
  const isTurned = attributes.transA?.kind === "int" && attributes.transA.value !== 0;
  if (isTurned || graph.initializers.has(x)) return undefined;
  return isConstant(weight, graph) ? x : undefined;
}

/** An initializer, or what operators with one input make of one. */
function isConstant(name: string, graph: Graph): boolean {
  if (graph.initializers.has(name)) return true;
  const maker = makersIn(graph).get(name);
  return isA(maker, "Transpose", "Identity") && isConstant(maker.inputs[0]!, graph);
}
