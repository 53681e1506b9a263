/**
 * Types and shapes of all values of a graph, as far as they follow from its inputs. An operator that is not
 * described here leaves its outputs to what the graph declares of them. The graphs inside a node are looked into
 * with what is known around them.
 */
import { isDomainError } from "@amaas/errors";
import type { DataType, Tensor } from "@amaas/tensor";
import { Contents } from "./contents.ts";
import {
  type Dimension,
  describeNode,
  type Graph,
  type Node,
  type Shape,
  type ValueInfo,
} from "./graph.ts";
import { misfit, within } from "./misfit.ts";
import { filledSlots, isVariadic, resolveAttributes } from "./operator.ts";
import { findOperator } from "./ops/index.ts";
import {
  longestContent,
  longestContentOf,
  mergeShapes,
  mostAxes,
  printShape,
  unknownDimension,
  type ValueType,
} from "./shape.ts";

/** What may be known of a value; nothing at all, when `type` is undefined. */
export interface Known {
  readonly type: DataType | undefined;
  readonly shape: Shape | undefined;
  readonly content?: readonly Dimension[] | undefined;
}

export const nothingKnown: Known = { type: undefined, shape: undefined };

export function typeOfTensor(tensor: Tensor): ValueType {
  const { type, shape } = tensor;
  const [length = 1] = shape;
  // Elements that say nothing are not looked at: those of a file may have to be copied for that.
  if (shape.length > 1 || length > longestContentOf(type)) return { type, shape };
  return { type, shape, content: Array.from(tensor.data, Number) };
}

/** What is known of the values around, by name. */
export type Find = (name: string) => Known | undefined;

/** Where a node stands: what its subgraphs can see, and how much of them may still be looked at. */
interface Place {
  readonly find: Find;
  readonly effort: { left: number };
  readonly contents: Contents;
}

/** Loops are looked into more than once, so that loops in loops could take for ever. */
const mostInside = 2 ** 22;

function placeIn(find: Find, contents = new Contents()): Place {
  return { find, effort: { left: mostInside }, contents };
}

/** What follows for the outputs of one node; undefined inputs are optional ones that were left out. */
export function inferNode(
  node: Pick<Node, "op" | "domain" | "attributes">,
  inputs: readonly (Known | undefined)[],
  outputs: number,
  find: Find = () => undefined,
  contents?: Contents,
): readonly Known[] {
  return inferIn(placeIn(find, contents), node, inputs, outputs);
}

function inferIn(
  place: Place,
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
  const seen = typed.map((input) => input && place.contents.look(input));
  const x = filledSlots(operator.inputs, seen);
  const inside = (body: Graph, given: readonly Known[]) => inferBody(place, body, given);
  const found = operator.infer({ x, attributes, outputs, inside }).slice(0, outputs);
  return found.map((known) => place.contents.keep(bounded(known)));
}

function inferBody(place: Place, body: Graph, inputs: readonly Known[]): readonly Known[] {
  place.effort.left -= sizeOfBody(body);
  if (place.effort.left < 0)
    misfit(
      `its subgraphs repeat more than the ${mostInside} nodes and values that are looked into`,
    );
  const types = typesIn(withoutSymbols(body), place, inputs);
  return body.outputs.map(({ name }) => types.get(name) ?? place.find(name) ?? nothingKnown);
}

/** Its nodes, all that they name, and all that is declared: each takes time whenever the body is looked into. */
function sizeOfBody({ inputs, outputs, values = [], initializers, nodes }: Graph): number {
  const declared = inputs.length + outputs.length + values.length + initializers.size;
  return nodes.reduce(
    (sum, node) => sum + node.inputs.length + node.outputs.length + 1,
    declared + 1,
  );
}

/** The symbols that a body declares are its own, and say nothing of those around it. */
function withoutSymbols(body: Graph): Graph {
  const plain = (info: ValueInfo): ValueInfo => ({
    ...info,
    shape: info.shape.map((size) => (typeof size === "number" ? size : unknownDimension)),
  });
  const { inputs, outputs, values = [] } = body;
  return {
    ...body,
    inputs: inputs.map(plain),
    outputs: outputs.map(plain),
    values: values.map(plain),
  };
}

/** What is known of a value stays small, or a short chain of nodes could make it grow without end. */
function bounded({ type, shape, content }: Known): Known {
  if (shape && shape.length > mostAxes)
    misfit(`${shape.length} axes are more than the ${mostAxes} allowed`);
  for (const size of shape ?? [])
    if (typeof size === "number" && (size < 0 || !Number.isSafeInteger(size)))
      misfit(`${printShape(shape)} has the size ${size}`);
  return content && content.length <= longestContent ? { type, shape, content } : { type, shape };
}

/** The types of all values; `find` knows those around, if the graph stands in another. */
export function inferTypes(graph: Graph, find: Find = () => undefined): ReadonlyMap<string, Known> {
  return typesIn(graph, placeIn(find), []);
}

/**
 * As `inferTypes`, for graphs that are only shown, one after the other: a node that does not fit, or is of bodies
 * that would take too long to look into, is what the graph declares of it.
 */
export function typesToShow(): (graph: Graph, find: Find) => ReadonlyMap<string, Known> {
  const place = placeIn(() => undefined);
  const goOn = (error: unknown) => {
    if (!isDomainError(error)) throw error;
  };
  return (graph, find) => typesIn(graph, { ...place, find }, [], goOn);
}

/** As `inferTypes`, but tells every node that does not fit, and goes on with what the graph declares of it. */
export function findMisfits(graph: Graph, tell: (error: unknown) => void): void {
  typesIn(
    graph,
    placeIn(() => undefined),
    [],
    tell,
  );
}

/** The types of all values of a body whose inputs are bound to values of which more is known. */
export function inferBodyTypes(
  body: Graph,
  inputs: readonly Known[],
  find: Find,
): ReadonlyMap<string, Known> {
  return typesIn(withoutSymbols(body), placeIn(find), inputs);
}

/** `given` is what is known of the inputs beyond what they declare. */
function typesIn(
  graph: Graph,
  place: Place,
  given: readonly Known[],
  tell?: (error: unknown) => void,
): ReadonlyMap<string, Known> {
  const types = new Map<string, Known>();
  const declared = new Map<string, Known>();
  for (const info of [...(graph.values ?? []), ...graph.outputs]) declared.set(info.name, info);
  for (const [index, input] of graph.inputs.entries())
    types.set(input.name, merge(input.name, given[index] ?? nothingKnown, input));
  for (const [name, tensor] of graph.initializers)
    types.set(name, place.contents.keep(typeOfTensor(tensor)));
  const find = (name: string) => types.get(name) ?? place.find(name);
  const inner = { ...place, find };
  const addOutputs = (node: Node) => {
    const inputs = node.inputs.map((name) =>
      name === "" ? undefined : (find(name) ?? nothingKnown),
    );
    const found = inferIn(inner, node, inputs, node.outputs.length);
    for (const [index, name] of node.outputs.entries())
      if (name !== "") types.set(name, merge(name, found[index]!, declared.get(name)));
  };
  for (const node of graph.nodes)
    try {
      within(
        () => describeNode(node, graph.opsets),
        () => addOutputs(node),
      );
    } catch (error) {
      if (!tell) throw error;
      tell(error);
      for (const name of node.outputs) types.set(name, declared.get(name) ?? nothingKnown);
    }
  return types;
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
