/**
 * Activations that are computed a second time on the way back instead of being kept (Chen et al. 2016, "Training deep
 * nets with sublinear memory cost"). A copy must come late, or its memory is saved nowhere, and must not look like
 * the node that it copies, or the engine makes one of the two again. Both are seen to by an anchor: what the copy
 * reads passes through a Reshape to its own sizes, which are put together from the gradient that has arrived.
 * A Reshape moves no data.
 */
import {
  describeNode,
  type Graph,
  type GraphBuilder,
  type Node,
  subgraphsOf,
  type Value,
} from "@amaas/graph";
import { refuse } from "./refusal.ts";
import { draws } from "./rules/random.ts";
import { sizes } from "./sizes.ts";

export class Recomputed {
  readonly #g: GraphBuilder;
  readonly #kept: ReadonlyMap<string, Value>;
  readonly #makers = new Map<string, Node>();
  readonly #again = new Map<string, Value>();

  /** `names` are to be recomputed, of `kept`, which has all values of the graph. */
  constructor(
    g: GraphBuilder,
    graph: Graph,
    kept: ReadonlyMap<string, Value>,
    names: readonly string[],
  ) {
    this.#g = g;
    this.#kept = kept;
    const wanted = new Set(names);
    for (const node of graph.nodes)
      for (const name of node.outputs) if (wanted.delete(name)) this.#makers.set(name, node);
    const [unmade] = wanted;
    if (unmade !== undefined)
      refuse(`"${unmade}" cannot be recomputed: no node makes it. Name values in between`);
    for (const node of this.#makers.values()) {
      const why = subgraphsOf(node).length > 0 ? "has subgraphs" : "would draw other numbers";
      if (subgraphsOf(node).length > 0 || draws(node))
        refuse(
          `${describeNode(node, graph.opsets)} cannot be recomputed: it ${why}. Name values before or behind it`,
        );
    }
  }

  /** A value as the way back sees it; one that is to be recomputed is, once `arrived` is there. */
  at(name: string, arrived: Value | undefined): Value | undefined {
    const maker = this.#makers.get(name);
    if (!maker || !arrived) return this.known(name);
    if (!this.#again.has(name)) this.#copyWithMakers(maker, arrived);
    return this.#again.get(name);
  }

  /** As it is known by now, without computing it for this. */
  known(name: string): Value | undefined {
    return this.#again.get(name) ?? this.#kept.get(name);
  }

  /** What a node reads is copied before it, from a list: calls within calls would be too many in a deep net. */
  #copyWithMakers(node: Node, arrived: Value): void {
    const waiting = [node];
    for (let next = waiting.at(-1); next; next = waiting.at(-1)) {
      const before = next.inputs.find((name) => this.#makers.has(name) && !this.#again.has(name));
      if (before === undefined) this.#copy(waiting.pop()!, arrived);
      else waiting.push(this.#makers.get(before)!);
    }
  }

  #copy(node: Node, arrived: Value): void {
    const inputs = node.inputs.map((name) => this.#input(name, arrived));
    const types = node.outputs.map((name) => {
      const { type, shape } = this.#kept.get(name) ?? {};
      return type && shape ? { type, shape } : undefined;
    });
    const made = this.#g.node(node.op, inputs, node.attributes, {
      domain: node.domain,
      outputs: node.outputs.length,
      types,
    });
    for (const [index, name] of node.outputs.entries())
      if (name !== "") this.#again.set(name, made[index]!);
  }

  #input(name: string, arrived: Value): Value | undefined {
    if (name === "") return undefined;
    if (this.#makers.has(name)) return this.#again.get(name);
    const value = this.#kept.get(name)!;
    return value.type && value.shape && value.content === undefined
      ? anchored(this.#g, value, arrived)
      : value;
  }
}

/** `x` as it is, but not before `arrived` is there, and seen as another value by the engine. */
function anchored(g: GraphBuilder, x: Value, arrived: Value): Value {
  const first = g.node("Slice", [g.reshape(arrived, [-1]), g.ints([0]), g.ints([1])]);
  // Nothing is less than itself, which no optimizer looks for.
  const zero = g.reduceSum(g.cast(g.less(first, first), "INT64"), [0]);
  const shape = g.add(sizes(g, x), zero);
  const options = { types: [{ type: x.type!, shape: x.shape! }] };
  return g.node("Reshape", [x, shape], { allowzero: 1 }, options);
}
