/**
 * The gradient of a Loop is a Loop with as many trips as the forward one made, which is seen from what it put out.
 * The forward one also puts out the values with which each trip began; each trip back computes its own once more
 * from them, carries the gradients of the carried values and the sums of those of captured values.
 */
import {
  type Dimension,
  type GraphBuilder,
  inferBodyTypes,
  type Known,
  printShape,
  type Shape,
  tensorOf,
  type Value,
} from "@amaas/graph";
import { refuse } from "../refusal.ts";
import type { BodyGradients, Through } from "../rule.ts";
import { zerosLike } from "../sizes.ts";
import {
  declare,
  ordered,
  type Reach,
  reachOf,
  taping,
  type Written,
  writeBack,
} from "./iteration.ts";
import { undrawn } from "./random.ts";

/** Stacks of carried values, by index. */
type Values = ReadonlyMap<number, Value>;

/** The body begins with the number of the trip and the condition. */
const first = 2;

export function throughLoop(node: Through<"Loop">): BodyGradients {
  const { g, x, dy, captured } = node;
  const initial = x.slice(first).map((value) => value!);
  const reach = reachOfLoop(node, initial);
  const { values, trips } = tape(node, initial, reach);
  let written: Written = { summed: [], products: [] };
  const step = g.subgraph(`${node.attributes.body.name}/grad`, (b) => {
    const trip = b.input("trip", "INT64", []);
    b.input("going", "BOOL", []);
    b.output("go_on", b.constant(tensorOf("BOOL", [], [1])));
    const back = b.sub(b.sub(trips, b.scalar(1, trips)), trip);
    written = writeTrip(node, b, back, { initial, values, reach });
  });
  const carried = [
    ...reach.live.map((index) => `d${index}`),
    ...written.summed.map((_, index) => `sum${index}`),
  ];
  const starts = [
    ...reach.live.map((index) => dy[index] ?? zerosLike(g, initial[index]!)),
    ...written.summed.map((name) => zerosLike(g, captured.get(name)!)),
  ];
  const body = undrawn(ordered(step, ["trip", "going", ...carried]));
  const made = g.node("Loop", [trips, undefined, ...starts], { body }, { outputs: starts.length });
  const gradients = new Array<Value | null>(x.length).fill(null);
  for (const [at, index] of reach.live.entries()) gradients[first + index] = made[at]!;
  const summed = written.summed.map((name, at) => [name, made[reach.live.length + at]!] as const);
  return { inputs: gradients, captured: new Map(summed) };
}

function reachOfLoop(node: Through<"Loop">, initial: readonly Value[]): Reach {
  const { dy, attributes, captured } = node;
  const { body } = attributes;
  const inputs: readonly Known[] = [
    { type: "INT64", shape: [] },
    { type: "BOOL", shape: [] },
    ...initial.map(({ type, shape }) => ({ type, shape })),
  ];
  const types = inferBodyTypes(body, inputs, (name) => captured.get(name));
  const carried = initial.map((_, index) => ({
    from: body.inputs[first + index]!.name,
    to: body.outputs[1 + index]!.name,
    wanted: node.wanted[first + index]!,
    arrived: dy[index] !== undefined && dy[index] !== null,
  }));
  const lists = body.outputs.slice(1 + initial.length);
  const outputs = lists.flatMap(({ name }, at) => (dy[initial.length + at] ? [name] : []));
  const ends = { inputs: [], outputs, captured: node.wantedInside };
  const reach = reachOf(body, types, carried, ends);
  for (const [index, { from, to }] of carried.entries())
    if (reach.needed.has(from) || reach.live.includes(index))
      wantSameSizes(initial[index]!.shape, types.get(to)?.shape);
  return reach;
}

function wantSameSizes(before: Shape | undefined, after: Shape | undefined): void {
  if (!before || !after) return;
  const differ = (size: Dimension, axis: number) =>
    typeof size === "number" && typeof after[axis] === "number" && size !== after[axis];
  if (before.length !== after.length || before.some(differ))
    refuse(
      `it carries a value of ${printShape(before)} that is ${printShape(after)} after a trip; of changing sizes no tape is kept, so carry it in one size`,
    );
}

/**
 * The carried values as each trip began with them, put out by the forward Loop, as far as they are needed again; and
 * how many trips it made.
 */
function tape(
  { g, y, attributes, given }: Through<"Loop">,
  initial: readonly Value[],
  reach: Reach,
) {
  const { body } = attributes;
  const kept = initial.flatMap((_, index) =>
    reach.needed.has(body.inputs[first + index]!.name) ? [index] : [],
  );
  const taped = [0, ...kept.map((index) => first + index)];
  const extended = { ...given, body: { kind: "graph", value: taping(body, taped) } as const };
  const before = body.outputs.length - 1;
  const made = g.extend(y.find((value) => value !== undefined)!, extended, before + taped.length);
  const [counts, ...stacks] = made.slice(before);
  const values = new Map(kept.map((index, at) => [index, stacks[at]!]));
  return { values, trips: g.size(counts!) };
}

function writeTrip(
  node: Through<"Loop">,
  b: GraphBuilder,
  back: Value,
  { initial, values, reach }: Readonly<{ initial: readonly Value[]; values: Values; reach: Reach }>,
): Written {
  const { dy, attributes } = node;
  const { body } = attributes;
  const at = (stack: Value) => b.gather(stack, back);
  const going = b.constant(tensorOf("BOOL", [], [1]));
  // What is not needed is computed from whatever it began with, and left out then.
  const carried = initial.map((value, index) => {
    const stack = values.get(index);
    return stack ? at(stack) : value;
  });
  const inputs = [back, going, ...carried];
  const arrived = [
    null,
    ...initial.map((value, index) =>
      reach.live.includes(index) ? declare(b, `d${index}`, value) : null,
    ),
    ...body.outputs.slice(1 + initial.length).map((_, index) => {
      const list = dy[initial.length + index];
      return list ? at(list) : null;
    }),
  ];
  return writeBack(
    b,
    node,
    body,
    reach,
    { inputs, dy: arrived },
    { first, parts: [], contract: false },
  );
}
