/**
 * What Loop and Scan share on the way back: which of the carried values gradients flow through, from one iteration
 * to the one before, and the body that leads them back through one iteration.
 */
import {
  freeNames,
  type Graph,
  type GraphBuilder,
  isFloat,
  type Known,
  type Subgraph,
  type Value,
} from "@amaas/graph";
import { contractStacks, type Product } from "../products.ts";
import { influencedBy, neededFor } from "../reach.ts";
import { refuse } from "../refusal.ts";
import type { Bodies } from "../rule.ts";
import { shapeOf, zerosLike } from "../sizes.ts";

/** One value for each carried one. */
export interface Carried {
  /** What the body calls it at the beginning of an iteration and at the end. */
  readonly from: string;
  readonly to: string;
  readonly wanted: boolean;
  readonly arrived: boolean;
}

export interface Reach {
  /** The carried values that gradients flow through, by index. */
  readonly live: readonly number[];
  /** What the body's gradient is taken with respect to: its inputs and what it captures. */
  readonly wrt: ReadonlySet<string>;
  /** Of the captured names, those that gradients reach. */
  readonly captured: readonly string[];
  /** What gradients come from is made of these: of the inputs, no other is needed to compute an iteration once more. */
  readonly needed: ReadonlySet<string>;
}

/** Names in the body, besides carried values. */
interface Ends {
  /** The inputs whose gradients are wanted. */
  readonly inputs: readonly string[];
  /** The outputs whose gradients arrive. */
  readonly outputs: readonly string[];
  /** What is captured and wanted. */
  readonly captured: ReadonlySet<string>;
}

/** What one iteration changes, the next one sees; so both directions are followed until nothing is added. */
export function reachOf(
  body: Graph,
  types: ReadonlyMap<string, Known>,
  carried: readonly Carried[],
  { inputs, outputs, captured }: Ends,
): Reach {
  const floats = carried.filter(({ from }) => {
    const type = types.get(from)?.type;
    return type !== undefined && isFloat(type);
  });
  const wrt = new Set([...inputs, ...captured]);
  for (const { from, wanted } of floats) if (wanted) wrt.add(from);
  const active = grow(
    () => influencedBy(body, types, wrt, new Set()),
    (found) => addAll(wrt, floats, ({ to, from }) => (found.has(to) ? from : undefined)),
  );
  const ends = new Set(outputs);
  for (const { to, arrived } of floats) if (arrived) ends.add(to);
  const needed = grow(
    () => neededFor(body, ends),
    (found) => addAll(ends, floats, ({ to, from }) => (found.has(from) ? to : undefined)),
  );
  // One that no iteration reads is still what the last one made.
  const flows = ({ from, arrived }: Carried) => active.has(from) && (arrived || needed.has(from));
  const live = carried.flatMap((each, index) =>
    floats.includes(each) && flows(each) ? [index] : [],
  );
  return { live, wrt, captured: [...captured].filter((name) => needed.has(name)), needed };
}

function grow<T>(find: () => T, add: (found: T) => boolean): T {
  for (;;) {
    const found = find();
    if (!add(found)) return found;
  }
}

function addAll(
  set: Set<string>,
  carried: readonly Carried[],
  nameIn: (each: Carried) => string | undefined,
): boolean {
  const before = set.size;
  for (const each of carried) {
    const name = nameIn(each);
    if (name !== undefined) set.add(name);
  }
  return set.size > before;
}

/** What the way back through one iteration is given, in the graph that it is written into. */
export interface Arrived {
  /** The inputs of the body. */
  readonly inputs: readonly Value[];
  /** The gradients of its outputs. */
  readonly dy: readonly (Value | null)[];
}

/** What it carries and puts out: gradients of the live carried values, sums, gradients of `parts`, A and D. */
export interface Written {
  /** The captured names whose gradients are summed from iteration to iteration. */
  readonly summed: readonly string[];
  /** Those whose gradients are products of what was put out in all iterations. */
  readonly products: readonly Product[];
}

interface Plan {
  /** Where the carried values begin in the inputs of the body. */
  readonly first: number;
  /** The inputs whose gradients each iteration puts out. */
  readonly parts: readonly number[];
  /**
   * Whether gradients of captured matrices are left to one product of all iterations. Not in a Loop: of no trips at
   * all, onnxruntime stacks results in sizes of its own, which no product fits.
   */
  readonly contract: boolean;
}

/**
 * Writes the way back through one iteration: its outputs, and the inputs `sum0`, `sum1`, ...
 */
export function writeBack(
  b: GraphBuilder,
  node: Bodies,
  body: Graph,
  reach: Reach,
  { inputs, dy }: Arrived,
  { first, parts, contract }: Plan,
): Written {
  const products: Product[] = [];
  const gradients = node.flow(b, body, inputs, dy, reach.wrt, contract ? products : undefined);
  const put = (name: string, index: number) => {
    const input = inputs[index]!;
    const gradient = gradients.get(body.inputs[index]!.name) ?? zerosLike(b, input);
    b.output(name, gradient, { shape: shapeOf(input) });
  };
  for (const index of reach.live) put(`d${index}_before`, first + index);
  const summed = reach.captured.filter((name) => gradients.has(name));
  for (const [index, name] of summed.entries()) {
    const value = node.captured.get(name)!;
    const sofar = declare(b, `sum${index}`, value);
    b.output(`sum${index}_more`, b.add(sofar, gradients.get(name)!), { shape: shapeOf(value) });
  }
  for (const index of parts) put(`d_part${index}`, index);
  for (const [index, { other, d }] of products.entries()) {
    b.output(`factor${index}`, other);
    b.output(`d_product${index}`, d);
  }
  return { summed, products };
}

export function declare(b: GraphBuilder, name: string, value: Known): Value {
  const { type, shape } = value;
  if (!type || !shape)
    return refuse(
      `the rank of a value that it carries is not known; declare the shapes of its body`,
    );
  return b.input(name, type, shape);
}

/** The inputs of a body in another order: some first, and of the others those that are used. */
export function ordered(body: Subgraph, first: readonly string[]): Subgraph {
  const { inputs, outputs } = body.graph;
  const used = neededFor(
    body.graph,
    outputs.map(({ name }) => name),
  );
  const lead = first.map((name) => inputs.find((input) => input.name === name)!);
  const others = inputs.filter(({ name }) => !first.includes(name) && used.has(name));
  return { ...body, graph: { ...body.graph, inputs: [...lead, ...others] } };
}

/** The gradients of captured matrices, from what all iterations put out: one product for each. */
export function contracted(
  g: GraphBuilder,
  products: readonly Product[],
  stacks: readonly Value[],
): ReadonlyMap<string, Value> {
  const sums = new Map<string, Value>();
  for (const [index, { factor }] of products.entries()) {
    const product = contractStacks(g, factor, stacks[2 * index]!, stacks[2 * index + 1]!);
    const sofar = sums.get(factor.name);
    sums.set(factor.name, sofar ? g.add(sofar, product) : product);
  }
  return sums;
}

/** Gradients that come in two ways, by name. */
export function joined(
  g: GraphBuilder,
  left: ReadonlyMap<string, Value>,
  right: ReadonlyMap<string, Value>,
): ReadonlyMap<string, Value> {
  const all = new Map(left);
  for (const [name, value] of right) {
    const other = all.get(name);
    all.set(name, other ? g.add(other, value) : value);
  }
  return all;
}

/** Names for what is added to a body: such as it does not have. */
export function freshNames(body: Graph): (stem: string) => string {
  const taken = new Set([
    ...freeNames(body),
    ...body.inputs.map(({ name }) => name),
    ...body.outputs.map(({ name }) => name),
    ...body.initializers.keys(),
    ...body.nodes.flatMap(({ outputs }) => outputs),
  ]);
  return (stem) => {
    let name = stem;
    for (let count = 1; taken.has(name); count++) name = `${stem}_${count}`;
    taken.add(name);
    return name;
  };
}

/** A body that also puts out some of its inputs, as they are at the beginning of each iteration: a tape. */
export function taping(body: Graph, inputs: readonly number[]): Graph {
  const fresh = freshNames(body);
  const tapes = inputs.map((index) => {
    const input = body.inputs[index]!;
    return { input, name: fresh(`${input.name}_tape`) };
  });
  return {
    ...body,
    outputs: [...body.outputs, ...tapes.map(({ input, name }) => ({ ...input, name }))],
    nodes: [
      ...body.nodes,
      ...tapes.map(({ input, name }) => ({
        op: "Identity",
        domain: "",
        name,
        inputs: [input.name],
        outputs: [name],
        attributes: {},
      })),
    ],
  };
}
