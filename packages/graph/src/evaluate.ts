/**
 * The reference interpreter: runs a graph node by node in float64 with the kernels that the operators bring.
 * It is the oracle that gradients and the engine are judged by, and made to be read, not to be fast.
 */
import { DomainError } from "@amaas/errors";
import type { Tensor } from "@amaas/tensor";
import { describeNode, type Graph, type Node, type Shape, type ValueInfo } from "./graph.ts";
import { inferNode, isTyped } from "./infer.ts";
import { misfit, within } from "./misfit.ts";
import { fromTensor, type NDArray } from "./ndarray.ts";
import { filledSlots, resolveAttributes } from "./operator.ts";
import { findOperator } from "./ops/index.ts";
import { longestContentOf, mergeShapes, unknownDimension, type ValueType } from "./shape.ts";

/** Loops may not end by themselves; nodes inside of bodies are run so many times at most. */
const mostRuns = 2 ** 20;

/** The values of a graph, those of the graphs around it, and what may still be run in bodies. */
interface Frame {
  readonly values: Map<string, NDArray>;
  readonly around: Frame | undefined;
  readonly effort: { left: number };
}

export function evaluate(
  graph: Graph,
  feeds: Readonly<Record<string, Tensor | NDArray>>,
): Readonly<Record<string, NDArray>> {
  const sizes = new Map<string, number>();
  const fed = graph.inputs.map((input) => feed(input, feeds, sizes));
  const made = runGraph(graph, fed, undefined, { left: mostRuns });
  return Object.fromEntries(graph.outputs.map(({ name }, index) => [name, made[index]!]));
}

function runGraph(
  graph: Graph,
  inputs: readonly NDArray[],
  around: Frame | undefined,
  effort: Frame["effort"],
): readonly NDArray[] {
  const frame: Frame = { values: new Map(), around, effort };
  for (const [index, { name }] of graph.inputs.entries()) frame.values.set(name, inputs[index]!);
  for (const [name, tensor] of graph.initializers) frame.values.set(name, fromTensor(tensor));
  for (const node of graph.nodes)
    within(
      () => describeNode(node, graph.opsets),
      () => run(node, frame),
    );
  return graph.outputs.map(({ name }) => find(frame, name) ?? misfit(`"${name}" is not made`));
}

function runBody(graph: Graph, inputs: readonly NDArray[], frame: Frame): readonly NDArray[] {
  if (inputs.length !== graph.inputs.length)
    misfit(`"${graph.name}" takes ${graph.inputs.length} inputs, not ${inputs.length}`);
  frame.effort.left -= graph.nodes.length + 1;
  if (frame.effort.left < 0)
    throw new DomainError(
      "resource-exhausted",
      `the bodies of loops run more than ${mostRuns} nodes, which the reference interpreter does not do`,
    );
  return runGraph(graph, inputs, frame, frame.effort);
}

function find(frame: Frame, name: string): NDArray | undefined {
  for (let at: Frame | undefined = frame; at; at = at.around) {
    const found = at.values.get(name);
    if (found) return found;
  }
  return undefined;
}

function feed(
  input: ValueInfo,
  feeds: Readonly<Record<string, Tensor | NDArray>>,
  sizes: Map<string, number>,
): NDArray {
  const fed = Object.hasOwn(feeds, input.name) ? feeds[input.name] : undefined;
  if (!fed) return misfit(`input "${input.name}" is not fed`);
  if (fed.type !== input.type)
    misfit(`input "${input.name}" is ${input.type}, but ${fed.type} is fed`);
  within(
    () => `input "${input.name}"`,
    () => bindSizes(input.shape, fed.shape, sizes),
  );
  return fromTensor(fed);
}

/** The same symbol is the same size everywhere. */
function bindSizes(declared: Shape, fed: readonly number[], sizes: Map<string, number>): void {
  mergeShapes(declared, fed);
  for (const [axis, dimension] of declared.entries()) {
    if (typeof dimension === "number" || dimension === unknownDimension) continue;
    const size = fed[axis]!;
    if ((sizes.get(dimension) ?? size) !== size)
      misfit(`${dimension} is ${size} here and ${sizes.get(dimension)} elsewhere`);
    sizes.set(dimension, size);
  }
}

function run(node: Node, frame: Frame): void {
  const operator = findOperator(node.domain, node.op);
  if (!operator)
    throw new DomainError("unimplemented", "the reference interpreter has no kernel for it");
  const given = node.inputs.map((name) =>
    name === "" ? undefined : (find(frame, name) ?? misfit(`"${name}" is not made yet`)),
  );
  const known = (name: string) => typeOf(find(frame, name));
  const y = inferNode(node, given.map(typeOf), node.outputs.length, known).filter(isTyped);
  const x = filledSlots(operator.inputs, given);
  const attributes = resolveAttributes(operator.attributes, node.attributes);
  const inside = (body: Graph, inputs: readonly NDArray[]) => runBody(body, inputs, frame);
  const made = operator.evaluate({ x, attributes, y, run: inside });
  for (const [index, name] of node.outputs.entries())
    if (name !== "") frame.values.set(name, made[index]!);
}

/** Now that everything is there, sizes and axes are known too. */
function typeOf(x: NDArray | undefined): ValueType | undefined {
  if (!x) return undefined;
  const { type, shape, data } = x;
  const whole = type === "INT64" || type === "INT32";
  if (shape.length > 1 || !(data instanceof Float64Array)) return { type, shape };
  if (!whole && data.length > longestContentOf(type)) return { type, shape };
  return { type, shape, content: Array.from(data) };
}
