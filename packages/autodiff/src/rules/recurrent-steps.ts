/**
 * The steps of a recurrent layer. Where their number is known and not too large they stand one behind another, so
 * that nothing is computed twice on the way back; else a Scan goes through them.
 */
import type { Dimension, GraphBuilder, Value } from "@amaas/graph";
import { refuse } from "../refusal.ts";
import { reshapeBy, shapeOf, sizeAt } from "../sizes.ts";
import type { Cell, Weights } from "./recurrent-cells.ts";

export interface Steps {
  readonly cell: Cell;
  /** [length, batch, ...] */
  readonly x: Value;
  readonly reverse: boolean;
  /** How many steps each sequence of the batch has. */
  readonly lengths: Value | undefined;
  readonly weights: Weights;
  /** For each part of the cell, its share of all steps, behind one another in the columns. */
  readonly shares: readonly Value[];
  readonly initial: readonly Value[];
}

export interface Outcome {
  /** h of all steps: [hidden, length, batch]. */
  readonly steps: Value;
  readonly last: readonly Value[];
}

/** More steps than this are not spelled out. */
export const mostUnrolled = 128;

export function runSteps(g: GraphBuilder, given: Steps): Outcome {
  const [length] = shapeOf(given.x);
  if (length === 0) refuse("it has no steps");
  return typeof length === "number" && length <= mostUnrolled
    ? unrolled(g, given, length)
    : scanned(g, given);
}

function unrolled(g: GraphBuilder, given: Steps, length: number): Outcome {
  const { cell, x, reverse, lengths, weights } = given;
  const batch = shapeOf(x)[1]!;
  const pieces = given.shares.map((share) => columns(g, share, length, batch));
  const hs = new Array<Value>(length);
  let states = given.initial;
  for (let count = 0; count < length; count++) {
    const t = reverse ? length - 1 - count : count;
    const shares = pieces.map((piece) => piece[t]!);
    const made = cell.advance(g, states, shares, weights);
    const there = lengths && g.unsqueeze(g.less(g.scalar(t, lengths), lengths), [0]);
    const step = masked(g, there, made, states);
    states = step.states;
    hs[t] = step.h;
  }
  const all = length === 1 ? hs[0]! : g.concat(hs, 1);
  const steps = reshapeBy(g, all, [cell.hidden, length, sizeAt(g, x, 1)]);
  return { steps, last: states };
}

/** The columns of each step. */
export function columns(
  g: GraphBuilder,
  share: Value,
  length: number,
  batch: Dimension,
): readonly Value[] {
  if (length === 1) return [share];
  const type = { type: share.type!, shape: [shapeOf(share)[0]!, batch] };
  const types = new Array(length).fill(type);
  return g.node("Split", [share], { axis: 1, num_outputs: length }, { outputs: length, types });
}

/** Beyond its end, a sequence keeps its states and puts out zeros. */
function masked(
  b: GraphBuilder,
  there: Value | undefined,
  made: readonly Value[],
  before: readonly Value[],
): { readonly h: Value; readonly states: readonly Value[] } {
  const [h] = made as readonly [Value];
  if (!there) return { h, states: made };
  const states = made.map((state, index) => b.where(there, state, before[index]!));
  return { h: b.where(there, h, b.scalar(0, h)), states };
}

function scanned(g: GraphBuilder, given: Steps): Outcome {
  const { cell, x, reverse, lengths, weights, initial } = given;
  const [length, batch] = shapeOf(x) as readonly [Dimension, Dimension];
  const sequences = given.shares.map((share) =>
    reshapeBy(g, share, [Number(shapeOf(share)[0]), sizeAt(g, x, 0), sizeAt(g, x, 1)]),
  );
  const body = g.subgraph("step", (b) => {
    const type = x.type!;
    const states = initial.map((_, i) => b.input(`state${i}`, type, [cell.hidden, batch]));
    const shares = sequences.map((share, i) =>
      b.input(`share${i}`, type, [shapeOf(share)[0]!, batch]),
    );
    const t = lengths && b.input("t", "INT32", []);
    const made = cell.advance(b, states, shares, weights);
    const there = t && b.unsqueeze(b.less(t, lengths), [0]);
    const step = masked(b, there, made, states);
    for (const [i, state] of step.states.entries()) b.output(`state${i}_next`, state);
    b.output("h", step.h);
  });
  const all = lengths ? [...sequences, positions(g, x)] : sequences;
  const direction = Number(reverse);
  const made = g.node(
    "Scan",
    [...initial, ...all],
    {
      body,
      num_scan_inputs: all.length,
      scan_input_axes: [...sequences.map(() => 1), ...(lengths ? [0] : [])],
      scan_input_directions: all.map(() => direction),
      scan_output_axes: [1],
      scan_output_directions: [direction],
    },
    {
      outputs: initial.length + 1,
      types: [
        ...initial.map(() => ({ type: x.type!, shape: [cell.hidden, batch] })),
        { type: x.type!, shape: [cell.hidden, length, batch] },
      ],
    },
  );
  return { steps: made.at(-1)!, last: made.slice(0, -1) };
}

/** 0, 1, 2, ... for each step. */
function positions(g: GraphBuilder, x: Value): Value {
  const [zero, one] = [g.scalar(0, "INT32"), g.scalar(1, "INT32")];
  const length = sizeAt(g, x, 0);
  const end =
    typeof length === "number"
      ? g.scalar(length, "INT32")
      : g.cast(g.squeeze(length, [0]), "INT32");
  return g.node("Range", [zero, end, one]);
}
