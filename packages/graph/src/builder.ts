/**
 * Builds a graph call by call. Types and shapes are worked out as it goes, so a mistake is refused in the call
 * that makes it. Names are given at the end: inputs, outputs and initializers keep theirs, everything else is
 * numbered in the order of the calls, and nodes that no output needs are left out. The same calls make the
 * same bytes.
 */
import {
  type DataType,
  elementCount,
  type FixedType,
  type Tensor,
  tensor,
  toRaw,
} from "@amaas/tensor";
import { assemble, type PendingNode } from "./assemble.ts";
import { type PlainAttributes, toAttributes } from "./attributes.ts";
import { Bindings, mergeOpsets } from "./bindings.ts";
import {
  type Attributes,
  defaultMlOpset,
  describeNode,
  type Graph,
  type Model,
  mlDomain,
  modelOf,
  type Opsets,
  type Shape,
  type ValueInfo,
} from "./graph.ts";
import { inferNode, inferTypes, type Known, nothingKnown, typeOfTensor } from "./infer.ts";
import { misfit, within } from "./misfit.ts";
import { tensorOf } from "./ndarray.ts";
import { findOperator } from "./ops/index.ts";
import { mergeShapes, printType } from "./shape.ts";
import { freeNames, namesMadeInside, subgraphsOf } from "./subgraph.ts";
import type { Value } from "./value.ts";

export interface NodeOptions {
  readonly domain?: string;
  /** What the outputs are, for an operator that is not described here. */
  readonly types?: readonly Omit<ValueInfo, "name">[];
}

/** Puts other nodes in the place of one that is copied: a value for each output, or undefined to copy it as it is. */
export type Replace = (
  node: Graph["nodes"][number],
  inputs: readonly (Value | undefined)[],
) => readonly (Value | undefined)[] | undefined;

/** Constants of up to this many elements are kept once, however often they are asked for. */
const sharedElements = 64;

export class NodeBuilder {
  readonly #name: string;
  #opsets: Opsets;
  readonly #inputs: [string, Value][] = [];
  readonly #outputs: [string, Value, Omit<ValueInfo, "name">][] = [];
  readonly #constants = new Map<Value, Tensor>();
  readonly #named: [string, Value][] = [];
  readonly #hints = new Map<Value, string>();
  readonly #shared = new Map<string, Value>();
  readonly #nodes: PendingNode[] = [];
  /** Which node makes a value; the list is that of the node itself. */
  readonly #makers = new Map<Value, { readonly node: PendingNode; readonly outputs: Value[] }>();
  readonly #reserved = new Set<string>();
  readonly #known = new Set<Value>();

  constructor(name: string, opsets: Opsets) {
    this.#name = name;
    this.#opsets = opsets;
  }

  input(name: string, type: DataType, shape: Shape): Value {
    for (const size of shape)
      if (size === "" || (typeof size === "number" && !(Number.isSafeInteger(size) && size >= 0)))
        misfit(
          `input "${name}" has the size "${size}"; a whole number or the name of one is wanted`,
        );
    const value = this.#make(name, { type, shape });
    this.#inputs.push([name, value]);
    return value;
  }

  /** Names a value as an output; a shape given here adds to what is known of it. */
  output(name: string, value: Value, declared: Partial<Omit<ValueInfo, "name">> = {}): void {
    this.#mustKnow(value);
    const type = value.type ?? declared.type;
    const shape = mergeShapes(value.shape, declared.shape);
    if (!type || !shape)
      misfit(`output "${name}": ${value.label} has no known type and shape, so declare them`);
    if (declared.type && declared.type !== type)
      misfit(`output "${name}" is ${printType({ type, shape })}, not ${declared.type}`);
    this.#outputs.push([name, value, { type, shape }]);
  }

  /** A constant that keeps its name. */
  initializer(name: string, value: Tensor): Value {
    const made = this.#make(name, typeOfTensor(value));
    this.#constants.set(made, value);
    this.#named.push([name, made]);
    return made;
  }

  /** A constant without a name of its own; equal small ones are one. */
  constant(value: Tensor): Value {
    if (elementCount(value.shape) > sharedElements) return this.#newConstant(value);
    const key = `${value.type}[${value.shape}]${Buffer.from(toRaw(value)).toString("latin1")}`;
    const found = this.#shared.get(key);
    if (found) return found;
    const made = this.#newConstant(value);
    this.#shared.set(key, made);
    return made;
  }

  #newConstant(value: Tensor): Value {
    const made = this.#make("a constant", typeOfTensor(value));
    this.#constants.set(made, value);
    return made;
  }

  /** A number as a scalar of the type of another value. */
  scalar(value: number, like: Value | FixedType): Value {
    const type = typeof like === "string" ? like : like.type;
    if (!type || type === "BYTES")
      misfit(`${value} is wanted of the type of ${labelOf(like)}, which is no number`);
    return this.constant(tensorOf(type, [], [value]));
  }

  /** A vector of whole numbers: sizes, axes, indices. */
  ints(values: readonly number[]): Value {
    return this.constant(tensor("INT64", [values.length], BigInt64Array.from(values, BigInt)));
  }

  /**
   * Any node. An input that is undefined is optional and left out. With `outputs`, as many values come back.
   */
  node(
    op: string,
    inputs: readonly (Value | undefined)[],
    attributes?: PlainAttributes,
    options?: NodeOptions & { readonly outputs?: never },
  ): Value;
  node(
    op: string,
    inputs: readonly (Value | undefined)[],
    attributes: PlainAttributes | undefined,
    options: NodeOptions & { readonly outputs: number },
  ): readonly Value[];
  node(
    op: string,
    inputs: readonly (Value | undefined)[],
    attributes: PlainAttributes = {},
    options: NodeOptions & { readonly outputs?: number } = {},
  ): Value | readonly Value[] {
    const { domain = "", types = [] } = options;
    const count = options.outputs ?? 1;
    const made = within(
      () => `${domain && `${domain}.`}${op}(${inputs.map(labelOf).join(", ")})`,
      () => {
        const tagged = toAttributes(attributes, findOperator(domain, op)?.attributes);
        if (subgraphsOf({ attributes: tagged }).length > 0)
          misfit("a node with subgraphs comes from a graph, by inline");
        const known = Array.from({ length: count }, (_, i) => types[i] ?? nothingKnown);
        return this.#add({ op, domain, name: undefined }, inputs, tagged, known, new Map());
      },
    );
    return options.outputs === undefined ? made[0]! : made;
  }

  /**
   * Another output of the node that makes `value`, added to it where it did not name that output: the indices of
   * a pooling, the mean of a normalization.
   */
  outputOf(value: Value, index: number): Value {
    const maker = this.#makers.get(value);
    if (!maker) return misfit(`${value.label} is made by no node`);
    const { node, outputs } = maker;
    if (index >= outputs.length) {
      const found = inferNode(node, node.inputs, index + 1);
      for (const known of found.slice(outputs.length)) {
        const made = this.#make(node.op.toLowerCase(), known);
        this.#hints.set(made, "");
        this.#makers.set(made, maker);
        outputs.push(made);
      }
    }
    const wanted = outputs[index] ?? misfit(`${node.op} has no output ${index}`);
    if (this.#hints.get(wanted) === "") this.#hints.delete(wanted);
    return wanted;
  }

  /**
   * All of another graph, with its inputs bound to values here. Returns its outputs by name. Its names are kept
   * where they are free; its symbolic sizes become what the bound values have there.
   */
  inline(graph: Graph, bindings: Readonly<Record<string, Value>>): Readonly<Record<string, Value>> {
    const outputs = this.inlineAll(graph, bindings);
    return Object.fromEntries(
      graph.outputs.map(({ name }) => [name, outputs.get(name) ?? misfit(`there is no "${name}"`)]),
    );
  }

  /** As `inline`, but returns every value of the graph by name, and lets nodes be replaced on the way. */
  inlineAll(
    graph: Graph,
    bindings: Readonly<Record<string, Value>>,
    replace: Replace = () => undefined,
  ): ReadonlyMap<string, Value> {
    this.#opsets = mergeOpsets(this.#opsets, graph.opsets);
    const bound = new Bindings(graph, bindings);
    const { values } = bound;
    for (const [name, tensor] of graph.initializers) {
      const value = this.#make(name, typeOfTensor(tensor));
      this.#constants.set(value, tensor);
      this.#hints.set(value, name);
      values.set(name, value);
    }
    const types = inferTypes(graph);
    const known = (name: string) => bound.outside(types.get(name) ?? nothingKnown);
    for (const node of graph.nodes) this.#copy(graph, node, values, known, replace);
    return values;
  }

  #copy(
    graph: Graph,
    node: Graph["nodes"][number],
    values: Map<string, Value>,
    knownOf: (name: string) => Known,
    replace: Replace,
  ): void {
    const find = (name: string): Value =>
      values.get(name) ?? misfit(`"${name}" is used before it is made`);
    within(
      () => describeNode(node, graph.opsets),
      () => {
        const inputs = node.inputs.map((name) => (name === "" ? undefined : find(name)));
        const others = replace(node, inputs);
        if (others) return this.#takePlace(node.outputs, others, values);
        const free = subgraphsOf(node).flatMap((inner) => [...freeNames(inner)]);
        const captured = new Map(free.map((name) => [name, find(name)]));
        for (const name of namesMadeInside(node)) this.#reserved.add(name);
        const known = node.outputs.map(knownOf);
        const made = this.#add(node, inputs, node.attributes, known, captured, node.outputs);
        for (const [index, name] of node.outputs.entries())
          if (name !== "") values.set(name, made[index]!);
      },
    );
  }

  /** Values that stand where the outputs of a node stood; they take over its names. */
  #takePlace(
    names: readonly string[],
    made: readonly (Value | undefined)[],
    values: Map<string, Value>,
  ): void {
    for (const [index, name] of names.entries()) {
      if (name === "") continue;
      const value = made[index] ?? misfit(`output ${index} is not made`);
      if (this.#makers.has(value) && !this.#hints.has(value)) this.#hints.set(value, name);
      values.set(name, value);
    }
  }

  #add(
    { op, domain, name }: { op: string; domain: string; name: string | undefined },
    inputs: readonly (Value | undefined)[],
    attributes: Attributes,
    declared: readonly Known[],
    captured: ReadonlyMap<string, Value>,
    labels: readonly string[] = [],
  ): readonly Value[] {
    for (const input of inputs) if (input) this.#mustKnow(input);
    this.#useDomain(domain);
    const found = inferNode({ op, domain, attributes }, inputs, declared.length);
    const outputs = found.map((known, index) => {
      const also = declared[index]!;
      const type = known.type ?? also.type;
      const shape = mergeShapes(known.shape, also.shape);
      const label = labels[index] || op.toLowerCase();
      return this.#make(label, { type, shape, content: known.content ?? also.content });
    });
    for (const [index, label] of labels.entries()) this.#hints.set(outputs[index]!, label);
    const node = { op, domain, inputs, outputs, attributes, name, captured };
    this.#nodes.push(node);
    for (const output of outputs) this.#makers.set(output, { node, outputs });
    return outputs;
  }

  /** The graph, with everything named. */
  build(): Graph {
    return assemble({
      name: this.#name,
      opsets: this.#opsets,
      inputs: this.#inputs,
      outputs: this.#outputs,
      constants: this.#constants,
      named: this.#named,
      hints: this.#hints,
      nodes: this.#nodes,
      reserved: this.#reserved,
    });
  }

  /** The graph as a model. */
  model(metadata: Readonly<Record<string, string>> = {}): Model {
    return modelOf(this.build(), metadata);
  }

  #make(label: string, known: Known): Value {
    const value: Value = { ...known, label };
    this.#known.add(value);
    return value;
  }

  #mustKnow(value: Value): void {
    if (!this.#known.has(value)) misfit(`${value.label} belongs to another graph`);
  }

  #useDomain(domain: string): void {
    if (Object.hasOwn(this.#opsets, domain)) return;
    this.#opsets = { ...this.#opsets, [domain]: domain === mlDomain ? defaultMlOpset : 1 };
  }
}

function labelOf(value: Value | DataType | undefined): string {
  if (value === undefined) return "nothing";
  return typeof value === "string" ? value : value.label;
}
