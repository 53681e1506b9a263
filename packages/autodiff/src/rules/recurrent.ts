/**
 * Recurrent layers, spelled out. The products of all inputs with W are one; step by step only R h and what is
 * element-wise remains.
 */
import {
  type Activation,
  activationsOf,
  type Dimension,
  directionsOf,
  type Value,
} from "@amaas/graph";
import type { Forward, Rules } from "../rule.ts";
import { reshapeBy, shapeOf, sizeAt } from "../sizes.ts";
import { isPlain, keepLongShort } from "./long-short.ts";
import { actOf, type Cell, gatedCell, longShortCell, simpleCell } from "./recurrent-cells.ts";
import { hiddenSize, joined, perDirection, prepared, zeroState } from "./recurrent-layer.ts";
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
    keeps: isPlain,
    keep: keepLongShort,
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
