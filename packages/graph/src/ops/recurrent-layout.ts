/** What RNN, GRU and LSTM have in common: the sizes and places of their inputs and outputs. */
import type { Dimension, Shape } from "../graph.ts";
import { misfit } from "../misfit.ts";
import { fallback, optional } from "../operator.ts";
import { mergeDimensions, mergeShapes, unknownDimension, type ValueType } from "../shape.ts";
import { want, wantFloat, wantSame } from "./type-classes.ts";

export const recurrentAttributes = {
  activation_alpha: optional("floats"),
  activation_beta: optional("floats"),
  activations: optional("strings"),
  clip: optional("float"),
  direction: fallback("string", "forward"),
  hidden_size: optional("int"),
  layout: fallback("int", 0),
};

/** Which directions a node goes in; true is from the end. */
export function directionsOf(direction: string): readonly boolean[] {
  if (direction === "forward") return [false];
  if (direction === "reverse") return [true];
  if (direction === "bidirectional") return [false, true];
  return misfit(`direction "${direction}" is none of forward, reverse and bidirectional`);
}

export interface RecurrentSizes {
  readonly length: Dimension;
  readonly batch: Dimension;
  readonly input: Dimension;
  readonly hidden: Dimension;
  readonly directions: number;
}

type Inputs = readonly (ValueType | undefined)[];

interface Attributes {
  readonly direction: string;
  readonly hidden_size: number | undefined;
  readonly layout: number;
}

/** The sizes, which all inputs must agree in; `gates` is how many matrices stand below each other. */
export function recurrentSizes(
  [x, w, r, b, lengths, ...states]: Inputs,
  { direction, hidden_size, layout }: Attributes,
  gates: number,
  peepholes?: ValueType,
): RecurrentSizes {
  if (layout !== 0 && layout !== 1) misfit(`layout ${layout} is neither 0 nor 1`);
  const directions = directionsOf(direction).length;
  const floats = [x, w, r, b, ...states, peepholes].filter((value) => value !== undefined);
  wantFloat("X", x!);
  wantSame(...floats);
  if (lengths) want("INT32", "sequence_lens", lengths);
  const [first, second, input] = wantRank("X", x?.shape, 3);
  const [length, batch] = layout === 1 ? [second!, first!] : [first!, second!];
  const recurrence = wantRank("R", r?.shape, 3);
  const weights = wantRank("W", w?.shape, 3);
  const rows = mergeDimensions(weights[1]!, recurrence[1]!);
  const fromRows = typeof rows === "number" ? rows / gates : unknownDimension;
  const hidden = mergeDimensions(
    mergeDimensions(recurrence[2]!, fromRows),
    hidden_size ?? unknownDimension,
  );
  const gated = typeof hidden === "number" ? gates * hidden : unknownDimension;
  const biases = typeof gated === "number" ? 2 * gated : unknownDimension;
  mergeShapes(w?.shape, [directions, gated, input!]);
  mergeShapes(r?.shape, [directions, gated, hidden]);
  mergeShapes(b?.shape, [directions, biases]);
  mergeShapes(lengths?.shape, [batch]);
  const sizes = { length, batch, input: input!, hidden, directions };
  for (const state of states) mergeShapes(state?.shape, stateShape(sizes, layout));
  if (peepholes) {
    const three = typeof hidden === "number" ? 3 * hidden : unknownDimension;
    mergeShapes(peepholes.shape, [directions, three]);
  }
  return sizes;
}

function wantRank(name: string, shape: Shape | undefined, rank: number): Shape {
  if (!shape) return new Array<Dimension>(rank).fill(unknownDimension);
  if (shape.length !== rank) misfit(`${name} has ${shape.length} axes, ${rank} are wanted`);
  return shape;
}

export function stateShape({ directions, batch, hidden }: RecurrentSizes, layout: number): Shape {
  return layout === 1 ? [batch, directions, hidden] : [directions, batch, hidden];
}

/** The shape of the output that holds every step. */
export function stepsShape(sizes: RecurrentSizes, layout: number): Shape {
  const { length, directions, batch, hidden } = sizes;
  return layout === 1 ? [batch, length, directions, hidden] : [length, directions, batch, hidden];
}
