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
import { mergeShapes, unknownDimension, type ValueType } from "./shape.ts";

export function evaluate(
  graph: Graph,
  feeds: Readonly<Record<string, Tensor | NDArray>>,
): Readonly<Record<string, NDArray>> {
  const values = new Map<string, NDArray>();
  const sizes = new Map<string, number>();
  for (const input of graph.inputs) values.set(input.name, feed(input, feeds, sizes));
  for (const [name, tensor] of graph.initializers) values.set(name, fromTensor(tensor));
  for (const node of graph.nodes)
    within(
      () => describeNode(node, graph.opsets),
      () => run(node, values),
    );
  return Object.fromEntries(
    graph.outputs.map(({ name }) => [name, values.get(name) ?? misfit(`"${name}" is not made`)]),
  );
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

function run(node: Node, values: Map<string, NDArray>): void {
  const operator = findOperator(node.domain, node.op);
  if (!operator)
    throw new DomainError("unimplemented", "the reference interpreter has no kernel for it");
  const given = node.inputs.map((name) =>
    name === "" ? undefined : (values.get(name) ?? misfit(`"${name}" is not made yet`)),
  );
  const y = inferNode(node, given.map(typeOf), node.outputs.length).filter(isTyped);
  const x = filledSlots(operator.inputs, given);
  const attributes = resolveAttributes(operator.attributes, node.attributes);
  const made = operator.evaluate({ x, attributes, y });
  for (const [index, name] of node.outputs.entries())
    if (name !== "") values.set(name, made[index]!);
}

/** Now that everything is there, sizes and axes are known too. */
function typeOf(x: NDArray | undefined): ValueType | undefined {
  if (!x) return undefined;
  const { type, shape, data } = x;
  const whole = type === "INT64" || type === "INT32";
  if (!whole || shape.length > 1 || !(data instanceof Float64Array)) return { type, shape };
  return { type, shape, content: Array.from(data) };
}
