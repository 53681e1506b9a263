/**
 * Recurrent layers, spelled out. The products of all inputs with W are one; step by step only R h and what is
 * element-wise remains.
 */
import {
  type Activation,
  activationsOf,
  type Dimension,
  directionsOf,
  type GraphBuilder,
  printShape,
  type Shape,
  type Value,
} from "@amaas/graph";
import { refuse } from "../refusal.ts";
import type { Forward, Rules } from "../rule.ts";
import { reshapeBy, shapeOf, sizeAt, vectorOf } from "../sizes.ts";
import {
  actOf,
  type Cell,
  gatedCell,
  longShortCell,
  simpleCell,
  type Weights,
} from "./recurrent-cells.ts";
import { runSteps } from "./recurrent-steps.ts";

type Recurrent = "RNN" | "GRU" | "LSTM";

export const recurrent = {
  RNN: {
    lower(call) {
      const [x, w, r, b, lengths, h] = call.x;
      const form = { names: ["Tanh"], gates: 1 } as const;
      return lowerLayer(call, { x, w, r, b, lengths, h }, form, (hidden, activations) =>
        simpleCell(hidden, actOf(activations, call.attributes.clip)),
      );
    },
  },

  GRU: {
    lower(call) {
      const [x, w, r, b, lengths, h] = call.x;
      const { clip, linear_before_reset } = call.attributes;
      const form = { names: ["Sigmoid", "Tanh"], gates: 3 } as const;
      return lowerLayer(call, { x, w, r, b, lengths, h }, form, (hidden, activations) =>
        gatedCell(hidden, actOf(activations, clip), linear_before_reset !== 0),
      );
    },
  },

  LSTM: {
    lower(call) {
      const [x, w, r, b, lengths, h, c, p] = call.x;
      const { clip, input_forget } = call.attributes;
      const form = { names: ["Sigmoid", "Tanh", "Tanh"], gates: 4 } as const;
      return lowerLayer(call, { x, w, r, b, lengths, h, c, p }, form, (hidden, activations) => {
        const [act, actFreely] = [actOf(activations, clip), actOf(activations, undefined)];
        return longShortCell(hidden, act, actFreely, input_forget !== 0);
      });
    },
  },
} satisfies Rules<Recurrent>;

interface Inputs {
  readonly x: Value;
  readonly w: Value;
  readonly r: Value;
  readonly b: Value | undefined;
  readonly lengths: Value | undefined;
  readonly h: Value | undefined;
  readonly c?: Value | undefined;
  readonly p?: Value | undefined;
}

/** Y and the last states. */
function lowerLayer(
  { g, attributes }: Forward<Recurrent>,
  given: Inputs,
  { names, gates }: { readonly names: readonly ("Sigmoid" | "Tanh")[]; readonly gates: number },
  cellOf: (hidden: number, activations: readonly Activation[]) => Cell,
): readonly Value[] {
  const { layout } = attributes;
  const turned = (value: Value) => (layout === 1 ? g.transpose(value, [1, 0, 2]) : value);
  const directions = directionsOf(attributes.direction);
  const activations = activationsOf(attributes, names, directions.length);
  const x = turned(given.x);
  const hidden = hiddenSize(given.r, attributes.hidden_size);
  const [, batch, features] = shapeOf(x) as readonly [Dimension, Dimension, Dimension];
  const rows = gates * hidden;
  const count = directions.length;
  const parts = {
    w: perDirection(g, given.w, count, [rows, features]),
    r: perDirection(g, given.r, count, [rows, hidden]),
    b: given.b && perDirection(g, given.b, count, [2 * rows]),
    p: given.p && perDirection(g, given.p, count, [3 * hidden]),
    h: given.h && perDirection(g, turned(given.h), count, [batch, hidden]),
    c: given.c && perDirection(g, turned(given.c), count, [batch, hidden]),
  };
  const outcomes = directions.map((reverse, d) => {
    const cell = cellOf(hidden, activations[d]!);
    const own = { w: parts.w[d]!, r: parts.r[d]!, b: parts.b?.[d], p: parts.p?.[d] };
    const start = (state: Value | undefined) =>
      state ? g.transpose(state, [1, 0]) : zeroState(g, x, hidden);
    const initial = cell.states === 2 ? [parts.h?.[d], parts.c?.[d]] : [parts.h?.[d]];
    return runSteps(g, {
      cell,
      x,
      reverse,
      lengths: given.lengths,
      initial: initial.map(start),
      ...prepared(g, x, cell, own),
    });
  });
  const sizes = [sizeAt(g, x, 0), 1, sizeAt(g, x, 1), hidden];
  const steps = outcomes.map(({ steps }) => {
    const rows = g.transpose(g.reshape(steps, [hidden, -1]), [1, 0]);
    // Flatten changes nothing, but the engine moves no transposition past it: to one of more axes, which takes longer.
    return reshapeBy(g, g.node("Flatten", [rows]), sizes);
  });
  const every = joined(g, steps, 1);
  const last = outcomes[0]!.last.map((_, state) => {
    const rows = outcomes.map(({ last }) => g.unsqueeze(g.transpose(last[state]!, [1, 0]), [0]));
    return turned(joined(g, rows, 0));
  });
  return [layout === 1 ? g.transpose(every, [2, 0, 1, 3]) : every, ...last];
}

interface Own {
  readonly w: Value;
  readonly r: Value;
  readonly b: Value | undefined;
  readonly p: Value | undefined;
}

/** W x + b of all steps, and what remains to be multiplied with in each. */
function prepared(g: GraphBuilder, x: Value, cell: Cell, { w, r, b, p }: Own) {
  const { hidden, parts } = cell;
  const rows = parts.map((gates) => gates * hidden);
  const cut = (value: Value) => (rows.length === 1 ? [value] : g.split(value, rows));
  const total = rows.reduce((sum, count) => sum + count, 0);
  const [ofInput, ofState] = b ? g.split(b, [total, total]).map(cut) : [];
  const column = (value: Value) => g.unsqueeze(value, [1]);
  const apart = cell.biasApart;
  const flat = g.node("Flatten", [x], { axis: 2 });
  const shares = cut(w).map((weights, part) => {
    const own = ofInput?.[part];
    const bias = own && (part === apart ? own : g.add(own, ofState![part]!));
    return g.gemm(weights, flat, bias && column(bias), { transB: 1 });
  });
  const kept = apart === undefined ? undefined : ofState?.[apart];
  const weights: Weights = {
    recurrence: cut(r),
    bias: kept && column(kept),
    peepholes: p && g.split(p, [hidden, hidden, hidden]).map(column),
  };
  return { shares, weights };
}

/** The part of each direction, whose shape is known from other inputs too. */
function perDirection(
  g: GraphBuilder,
  value: Value,
  directions: number,
  shape: Shape,
): readonly Value[] {
  const parts = directions === 1 ? [value] : g.split(value, new Array(directions).fill(1));
  const types = [{ type: value.type!, shape }];
  return parts.map((part) => g.node("Squeeze", [part, g.ints([0])], {}, { types }));
}

function hiddenSize(r: Value, given: number | undefined): number {
  const size = shapeOf(r)[2];
  if (typeof size === "number") return size;
  return (
    given ??
    refuse(`R is ${printShape(r.shape)}; declare its last size as a number, or hidden_size`)
  );
}

function zeroState(g: GraphBuilder, x: Value, hidden: number): Value {
  return g.expand(g.scalar(0, x), vectorOf(g, [hidden, sizeAt(g, x, 1)]));
}

function joined(g: GraphBuilder, values: readonly Value[], axis: number): Value {
  return values.length === 1 ? values[0]! : g.concat(values, axis);
}
