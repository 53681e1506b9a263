/**
 * Types and shapes of all values of a graph, as far as they follow from its inputs. An operator that is not
 * described here leaves its outputs to what the graph declares of them.
 */
import type { DataType, Tensor } from "@amaas/tensor";
import { type Dimension, describeNode, type Graph, type Node, type Shape } from "./graph.ts";
import { misfit, within } from "./misfit.ts";
import { filledSlots, isVariadic, resolveAttributes } from "./operator.ts";
import { findOperator } from "./ops/index.ts";
import { longestContent, mergeShapes, mostAxes, printShape, type ValueType } from "./shape.ts";

/** What may be known of a value; nothing at all, when `type` is undefined. */
export interface Known {
  readonly type: DataType | undefined;
  readonly shape: Shape | undefined;
  readonly content?: readonly Dimension[] | undefined;
}

export const nothingKnown: Known = { type: undefined, shape: undefined };

export function typeOfTensor({ type, shape, data }: Tensor): ValueType {
  const whole = type === "INT64" || type === "INT32";
  if (!whole || shape.length > 1 || data.length > longestContent) return { type, shape };
  return { type, shape, content: Array.from(data, Number) };
}

/** What follows for the outputs of one node; undefined inputs are optional ones that were left out. */
export function inferNode(
  node: Pick<Node, "op" | "domain" | "attributes">,
  inputs: readonly (Known | undefined)[],
  outputs: number,
): readonly Known[] {
  const operator = findOperator(node.domain, node.op);
  const nothing = Array.from({ length: outputs }, () => nothingKnown);
  if (!operator) return nothing;
  const attributes = resolveAttributes(operator.attributes, node.attributes);
  if (!isVariadic(operator.outputs) && outputs > operator.outputs.length)
    misfit(`${outputs} outputs are named, there are ${operator.outputs.length}`);
  filledSlots(operator.inputs, inputs);
  const typed = inputs.filter((input) => input === undefined || isTyped(input));
  if (typed.length < inputs.length) return nothing;
  const x = filledSlots(operator.inputs, typed);
  return operator.infer({ x, attributes, outputs }).slice(0, outputs).map(bounded);
}

/** What is known of a value stays small, or a short chain of nodes could make it grow without end. */
function bounded({ type, shape, content }: ValueType): ValueType {
  if (shape && shape.length > mostAxes)
    misfit(`${shape.length} axes are more than the ${mostAxes} allowed`);
  for (const size of shape ?? [])
    if (typeof size === "number" && (size < 0 || !Number.isSafeInteger(size)))
      misfit(`${printShape(shape)} has the size ${size}`);
  return content && content.length <= longestContent ? { type, shape, content } : { type, shape };
}

export function inferTypes(graph: Graph): ReadonlyMap<string, Known> {
  const types = new Map<string, Known>();
  const declared = new Map<string, Known>();
  for (const info of [...(graph.values ?? []), ...graph.outputs]) declared.set(info.name, info);
  for (const input of graph.inputs) types.set(input.name, input);
  for (const [name, tensor] of graph.initializers) types.set(name, typeOfTensor(tensor));
  for (const node of graph.nodes)
    within(
      () => describeNode(node, graph.opsets),
      () => {
        const found = inferNode(node, inputsOf(node, types), node.outputs.length);
        for (const [index, name] of node.outputs.entries())
          if (name !== "") types.set(name, merge(name, found[index]!, declared.get(name)));
      },
    );
  return types;
}

function inputsOf(node: Node, types: ReadonlyMap<string, Known>): readonly (Known | undefined)[] {
  return node.inputs.map((name) => (name === "" ? undefined : (types.get(name) ?? nothingKnown)));
}

function merge(name: string, found: Known, declared: Known | undefined): Known {
  if (!declared) return found;
  if (found.type && declared.type && found.type !== declared.type)
    misfit(`"${name}" is ${found.type}, but it is declared as ${declared.type}`);
  return within(
    () => `"${name}" and its declaration disagree`,
    () => ({
      type: found.type ?? declared.type,
      shape: mergeShapes(found.shape, declared.shape),
      content: found.content,
    }),
  );
}

export function isTyped(value: Known | undefined): value is ValueType {
  return value?.type !== undefined;
}
