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
import { type Assembled, assemble, type PendingNode } from "./assemble.ts";
import { isSubgraph, type PlainAttributes, toAttributes } from "./attributes.ts";
import { Bindings, mergeOpsets } from "./bindings.ts";
import { Contents } from "./contents.ts";
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
import {
  type Find,
  inferBodyTypes,
  inferNode,
  inferTypes,
  type Known,
  nothingKnown,
  typeOfTensor,
} from "./infer.ts";
import { misfit, within } from "./misfit.ts";
import { tensorOf } from "./ndarray.ts";
import { findOperator } from "./ops/index.ts";
import { mergeShapes, printType } from "./shape.ts";
import { freeNames, renameFree, subgraphsOf } from "./subgraph.ts";
import type { Subgraph, Value } from "./value.ts";

export interface NodeOptions {
  readonly domain?: string;
  /** What the node is called, numbered where several ask for one name; else it is called as its first output is. */
  readonly name?: string | undefined;
  /** What the outputs are, for an operator that is not described here. */
  readonly types?: readonly (Omit<ValueInfo, "name"> | undefined)[];
}

/** Puts other nodes in the place of one that is copied: a value for each output, or undefined to copy it as it is. */
export type Replace = (
  node: Graph["nodes"][number],
  inputs: readonly (Value | undefined)[],
  /** The values that are there, for those that the node's bodies take from around them. */
  find: (name: string) => Value,
) => readonly (Value | undefined)[] | undefined;

/** Constants of up to this many elements are kept once, however often they are asked for. */
const sharedElements = 64;

interface Maker {
  readonly node: PendingNode;
  readonly outputs: Value[];
}

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
  readonly #makers = new Map<Value, Maker>();
  readonly #known = new Set<Value>();
  readonly #around: NodeBuilder | undefined;
  readonly #contents: Contents;

  constructor(name: string, opsets: Opsets, around?: NodeBuilder) {
    this.#name = name;
    this.#opsets = opsets;
    this.#around = around;
    this.#contents = around ? around.#contents : new Contents();
  }

  /**
   * A graph for an attribute of a node: `write` declares its inputs and outputs and may use all values of the
   * graph around it. It belongs to this graph and is given to `node`.
   */
  subgraph(name: string, write: (body: this) => void): Subgraph {
    const Builder = this.constructor as new (name: string, opsets: Opsets, around: this) => this;
    const body = new Builder(name, this.#opsets, this);
    write(body);
    const built = body.#assemble();
    this.#opsets = mergeOpsets(this.#opsets, built.graph.opsets);
    return built;
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
    const made = this.#make(name, this.#contents.keep(typeOfTensor(value)));
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
    const made = this.#make("a constant", this.#contents.keep(typeOfTensor(value)));
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
        const known = Array.from({ length: count }, (_, i) => types[i] ?? nothingKnown);
        const { bodies, captured } = this.#takeBodies(attributes, tagged);
        return this.#add({ op, domain, name: options.name }, inputs, bodies, known, captured);
      },
    );
    return options.outputs === undefined ? made[0]! : made;
  }

  /** Several bodies may have the same name for different values around them. */
  #takeBodies(plain: PlainAttributes, tagged: Attributes) {
    const captured = new Map<string, Value>();
    const bodies = { ...tagged };
    for (const [key, value] of Object.entries(plain)) {
      const inner = tagged[key];
      if (inner?.kind !== "graph") continue;
      const taken = isSubgraph(value) ? value.captured : new Map<string, Value>();
      const renamed = new Map<string, string>();
      for (const name of freeNames(inner.value)) {
        const outer = taken.get(name) ?? misfit(`${key} uses "${name}", which it does not make`);
        renamed.set(name, `\0${key}${captured.size}`);
        captured.set(`\0${key}${captured.size}`, outer);
      }
      bodies[key] = renameFree({ [key]: inner }, renamed)[key]!;
    }
    return { bodies, captured };
  }

  /**
   * Gives the node that makes `value` other attributes, whose bodies make more outputs, and returns all of its
   * outputs. The bodies take the same values from around them as before.
   */
  extend(value: Value, attributes: Attributes, outputs: number): readonly Value[] {
    const maker = this.#makers.get(value);
    if (!maker) return this.#around?.extend(value, attributes, outputs) ?? this.#noMaker(value);
    maker.node.attributes = attributes;
    this.#addOutputs(maker, outputs);
    for (const output of maker.outputs)
      if (this.#hints.get(output) === "") this.#hints.delete(output);
    return maker.outputs;
  }

  /** The attributes of the node that makes `value`, and what their bodies take from around them. */
  bodiesOf(value: Value): Pick<PendingNode, "attributes" | "captured"> {
    return this.#makers.get(value)?.node ?? this.#around?.bodiesOf(value) ?? this.#noMaker(value);
  }

  #noMaker(value: Value): never {
    return misfit(`${value.label} is made by no node`);
  }

  /**
   * Another output of the node that makes `value`, added to it where it did not name that output: the indices of
   * a pooling, the mean of a normalization.
   */
  outputOf(value: Value, index: number): Value {
    const maker = this.#makers.get(value);
    if (!maker) return this.#around?.outputOf(value, index) ?? this.#noMaker(value);
    this.#addOutputs(maker, index + 1);
    const wanted = maker.outputs[index] ?? misfit(`${maker.node.op} has no output ${index}`);
    if (this.#hints.get(wanted) === "") this.#hints.delete(wanted);
    return wanted;
  }

  /** Outputs that nothing names yet. */
  #addOutputs(maker: Maker, count: number): void {
    const { node, outputs } = maker;
    if (count <= outputs.length) return;
    const find: Find = (name) => node.captured.get(name);
    const found = inferNode(node, node.inputs, count, find, this.#contents);
    for (const known of found.slice(outputs.length)) {
      const made = this.#make(node.op.toLowerCase(), known);
      this.#hints.set(made, "");
      this.#makers.set(made, maker);
      outputs.push(made);
    }
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
      const value = this.#make(name, this.#contents.keep(typeOfTensor(tensor)));
      this.#constants.set(value, tensor);
      this.#hints.set(value, name);
      values.set(name, value);
    }
    const types = inferTypes(graph);
    const known = (name: string) => bound.outside(types.get(name) ?? nothingKnown);
    for (const node of graph.nodes) this.#copy(graph, node, values, known, replace);
    return values;
  }

  /**
   * The nodes of a body of some node, with its inputs bound to values here and the names that it takes from around
   * it found by `find`. Returns every value of the body by name.
   */
  inlineBody(
    body: Graph,
    inputs: readonly Value[],
    find: (name: string) => Value | undefined,
    replace: Replace = () => undefined,
  ): ReadonlyMap<string, Value> {
    this.#opsets = mergeOpsets(this.#opsets, body.opsets);
    const values = new Map(body.inputs.map(({ name }, index) => [name, inputs[index]!]));
    for (const [name, tensor] of body.initializers) values.set(name, this.constant(tensor));
    const types = inferBodyTypes(body, inputs, find);
    const known = (name: string) => types.get(name) ?? nothingKnown;
    for (const node of body.nodes) this.#copy(body, node, values, known, replace, find);
    return values;
  }

  #copy(
    graph: Graph,
    node: Graph["nodes"][number],
    values: Map<string, Value>,
    knownOf: (name: string) => Known,
    replace: Replace,
    around: (name: string) => Value | undefined = () => undefined,
  ): void {
    const find = (name: string): Value =>
      values.get(name) ?? around(name) ?? misfit(`"${name}" is used before it is made`);
    within(
      () => describeNode(node, graph.opsets),
      () => {
        const inputs = node.inputs.map((name) => (name === "" ? undefined : find(name)));
        const others = replace(node, inputs, find);
        if (others) return this.#takePlace(node.outputs, others, values);
        const free = subgraphsOf(node).flatMap((inner) => [...freeNames(inner)]);
        const captured = new Map(free.map((name) => [name, find(name)]));
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
    for (const value of captured.values()) this.#mustKnow(value);
    this.#useDomain(domain);
    const find: Find = (name) => captured.get(name);
    const plain = { op, domain, attributes };
    const found = inferNode(plain, inputs, declared.length, find, this.#contents);
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
    const { graph } = this.#assemble();
    return graph;
  }

  #assemble(): Assembled {
    return assemble({
      name: this.#name,
      opsets: this.#opsets,
      inputs: this.#inputs,
      outputs: this.#outputs,
      constants: this.#constants,
      named: this.#named,
      hints: this.#hints,
      nodes: this.#nodes,
      isOuter: (value) => !this.#known.has(value),
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
    if (!this.#knows(value)) misfit(`${value.label} belongs to another graph`);
  }

  #knows(value: Value): boolean {
    if (this.#known.has(value)) return true;
    return this.#around ? this.#around.#knows(value) : false;
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
