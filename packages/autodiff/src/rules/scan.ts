/**
 * The gradient of a Scan is a Scan in the other direction. The forward one also puts out the states with which each
 * iteration began; each iteration back computes its own once more from them, carries the gradients of the states
 * and the sums of those of captured values, and puts out the gradients of its parts of the sequences.
 */
import { inferBodyTypes, type Known, type Subgraph, scanLayout, type Value } from "@amaas/graph";
import { stackAxis } from "../products.ts";
import type { BodyGradients, Through } from "../rule.ts";
import { shapeOf, zerosLike } from "../sizes.ts";
import {
  contracted,
  declare,
  joined,
  ordered,
  type Reach,
  reachOf,
  taping,
  type Written,
  writeBack,
} from "./iteration.ts";
import { undrawn } from "./random.ts";

/** A value that the iterations go through along an axis; 1 is the direction from its end. */
interface Sequence {
  readonly name: string;
  readonly value: Value;
  readonly axis: number;
  readonly direction: number;
}

/** A Scan, with its inputs and outputs by what they are. */
interface Parts {
  readonly states: readonly Value[];
  readonly sequences: readonly Sequence[];
  /** The sequences whose gradients are wanted. */
  readonly wanted: readonly number[];
  /** The gradients of the stacked outputs, by the body's output; null where none arrived. */
  readonly lists: readonly (Sequence | null)[];
  readonly reach: Reach;
}

export function throughScan(node: Through<"Scan">): BodyGradients {
  const { g, dy } = node;
  const parts = partsOf(node);
  const { states, sequences, wanted, reach } = parts;
  const { step, written } = stepBack(node, parts);
  const names = new Set(step.graph.inputs.map(({ name }) => name));
  const read = [...tapesOf(node, parts, names), ...sequences, ...parts.lists].filter(
    (sequence): sequence is Sequence => sequence !== null && names.has(sequence.name),
  );
  const starts = [
    ...reach.live.map((index) => dy[index] ?? zerosLike(g, states[index]!)),
    ...written.summed.map((name) => zerosLike(g, node.captured.get(name)!)),
  ];
  const stacks = written.products.flatMap(({ factor }) => [stackAxis(factor), stackAxis(factor)]);
  const outputs = starts.length + wanted.length + stacks.length;
  const made = g.node(
    "Scan",
    [...starts, ...read.map(({ value }) => value)],
    {
      body: step,
      num_scan_inputs: read.length,
      scan_input_axes: read.map(({ axis }) => axis),
      scan_input_directions: read.map(({ direction }) => 1 - direction),
      scan_output_axes: [...wanted.map((index) => sequences[index]!.axis), ...stacks],
      scan_output_directions: [
        ...wanted.map((index) => 1 - sequences[index]!.direction),
        ...stacks.map(() => 1),
      ],
    },
    { outputs },
  );
  const gradients = new Array<Value | null>(states.length + sequences.length).fill(null);
  for (const [at, index] of reach.live.entries()) gradients[index] = made[at]!;
  for (const [at, index] of wanted.entries())
    gradients[states.length + index] = made[starts.length + at]!;
  const summed = written.summed.map((name, at) => [name, made[reach.live.length + at]!] as const);
  const products = contracted(g, written.products, made.slice(starts.length + wanted.length));
  return { inputs: gradients, captured: joined(g, new Map(summed), products) };
}

function partsOf(node: Through<"Scan">): Parts {
  const { x, dy, attributes, captured } = node;
  const { body } = attributes;
  const layout = scanLayout(attributes, x.length);
  const count = layout.states;
  const states = x.slice(0, count).map((state) => state!);
  const sequences = x.slice(count).map((value, index) => ({
    name: `part${index}`,
    value: value!,
    axis: layout.inputAxes[index]!,
    direction: layout.inputDirections[index]!,
  }));
  const lists = body.outputs.slice(count).map((_, index) => {
    const value = dy[count + index];
    const axis = layout.outputAxes[index]!;
    return value
      ? { name: `dy${index}`, value, axis, direction: layout.outputDirections[index]! }
      : null;
  });
  const inputs = [...states.map(typeOnly), ...sequences.map(partType)];
  const types = inferBodyTypes(body, inputs, (name) => captured.get(name));
  const carried = states.map((_, index) => ({
    from: body.inputs[index]!.name,
    to: body.outputs[index]!.name,
    wanted: node.wanted[index]!,
    arrived: dy[index] !== undefined && dy[index] !== null,
  }));
  const wanted = sequences.flatMap((_, index) => (node.wanted[count + index] ? [index] : []));
  const reach = reachOf(body, types, carried, {
    inputs: wanted.map((index) => body.inputs[count + index]!.name),
    outputs: body.outputs.slice(count).flatMap(({ name }, index) => (lists[index] ? [name] : [])),
    captured: node.wantedInside,
  });
  return { states, sequences, wanted, lists, reach };
}

/** The body of the Scan back. */
function stepBack(
  node: Through<"Scan">,
  { states, sequences, wanted, lists, reach }: Parts,
): { readonly step: Subgraph; readonly written: Written } {
  const { body } = node.attributes;
  let written: Written = { summed: [], products: [] };
  const step = node.g.subgraph(`${body.name}/grad`, (b) => {
    const inputs = [
      ...states.map((state, index) => declare(b, `state${index}`, typeOnly(state))),
      ...sequences.map((sequence) => declare(b, sequence.name, partType(sequence))),
    ];
    const dy = [
      ...states.map((state, index) =>
        reach.live.includes(index) ? declare(b, `d${index}`, typeOnly(state)) : null,
      ),
      ...lists.map((list) => list && declare(b, list.name, partType(list))),
    ];
    const parts = wanted.map((index) => states.length + index);
    written = writeBack(b, node, body, reach, { inputs, dy }, { first: 0, parts, contract: true });
  });
  const carried = [
    ...reach.live.map((index) => `d${index}`),
    ...written.summed.map((_, index) => `sum${index}`),
  ];
  // One sequence must be there to say how many iterations there are.
  const lone = ordered(step, carried).graph.inputs.length === carried.length;
  const kept = lone ? [...carried, sequences[0]!.name] : carried;
  return { step: undrawn(ordered(step, kept)), written };
}

/** The states as each iteration began with them, those that are used; the forward Scan is made to put them out. */
function tapesOf(
  { g, y, attributes, given }: Through<"Scan">,
  { states }: Parts,
  used: ReadonlySet<string>,
): readonly Sequence[] {
  const { body, scan_output_axes: axes, scan_output_directions: directions } = attributes;
  const taped = states.flatMap((_, index) => (used.has(`state${index}`) ? [index] : []));
  if (taped.length === 0) return [];
  const more = (values: readonly number[]) =>
    ({ kind: "ints", value: [...values, ...taped.map(() => 0)] }) as const;
  const extended = {
    ...given,
    body: { kind: "graph", value: taping(body, taped) } as const,
    ...(axes ? { scan_output_axes: more(axes) } : {}),
    ...(directions ? { scan_output_directions: more(directions) } : {}),
  };
  const first = y.find((value) => value !== undefined)!;
  const made = g.extend(first, extended, body.outputs.length + taped.length);
  return taped.map((index, at) => ({
    name: `state${index}`,
    value: made[body.outputs.length + at]!,
    axis: 0,
    direction: 0,
  }));
}

const typeOnly = ({ type, shape }: Known): Known => ({ type, shape });

function partType({ value, axis }: Sequence): Known {
  const shape = shapeOf(value);
  return { type: value.type, shape: shape.toSpliced(axis < 0 ? axis + shape.length : axis, 1) };
}
