/**
 * Recurrent layers over sequences [time, batch, channels], in ONNX's terms: gates stand in the order i, o, f, c of an
 * LSTM (Hochreiter and Schmidhuber, 1997) and z, r, h of a GRU (Cho and others, 2014); there is a bias for the input and
 * one for the state before.
 */
import type { Value } from "@amaas/graph";
import type { LayerBuilder } from "./layer-builder.ts";
import { sizeAt } from "./sizes.ts";

export type Cell = "rnn" | "gru" | "lstm";

export interface RecurrentLayer {
  readonly cell: Cell;
  readonly hidden: number;
  readonly bidirectional: boolean;
  /** INT32 [batch]: how much of each sequence counts; all of it where left out. */
  readonly lengths?: Value | undefined;
}

interface Operator {
  readonly op: string;
  readonly gates: number;
  readonly attributes?: { readonly linear_before_reset: number };
}

const cells: { readonly [C in Cell]: Operator } = {
  rnn: { op: "RNN", gates: 1 },
  // The reset gate after the product, as cuDNN, PyTorch and Keras have it.
  gru: { op: "GRU", gates: 3, attributes: { linear_before_reset: 1 } },
  lstm: { op: "LSTM", gates: 4 },
};

export interface Recurrence {
  /** [time, batch, hidden], or twice as wide: forwards, then backwards. */
  readonly each: Value;
  /** [batch, …]: what each direction comes to, behind the last that counts. */
  readonly last: Value;
}

export function recurrent(n: LayerBuilder, x: Value, layer: RecurrentLayer): Recurrence {
  const { g } = n;
  const { hidden, bidirectional, lengths } = layer;
  const { op, gates, attributes } = cells[layer.cell];
  const directions = bidirectional ? ["forward", "backward"] : ["forward"];
  const weights = directions.map((name) => declare(n.at(name), sizeAt(x, -1), hidden, gates));
  const stacked = (part: keyof Weights) =>
    stack(
      n,
      weights.map((of) => of[part]),
    );
  const inputs = [x, stacked("weight"), stacked("recurrence"), stacked("bias"), lengths];
  const [each, last] = g.node(
    op,
    inputs,
    {
      hidden_size: hidden,
      direction: bidirectional ? "bidirectional" : "forward",
      ...attributes,
    },
    { outputs: 2 },
  );
  const width = directions.length * hidden;
  return {
    // [time, directions, batch, hidden] and [directions, batch, hidden]
    each: g.reshape(g.transpose(each!, [0, 2, 1, 3]), [0, 0, width]),
    last: g.reshape(g.transpose(last!, [1, 0, 2]), [0, width]),
  };
}

interface Weights {
  readonly weight: Value;
  readonly recurrence: Value;
  readonly bias: Value;
}

function declare(n: LayerBuilder, channels: number, hidden: number, gates: number): Weights {
  const rows = gates * hidden;
  return {
    weight: n.weight("weight", [rows, channels], "glorot-uniform", { in: channels, out: hidden }),
    // Neither grows nor shrinks what goes through it time and again (Saxe and others, 2014).
    recurrence: n.parameter("recurrence", [rows, hidden], "orthogonal"),
    bias: n.parameter("bias", [2 * rows], "zeros"),
  };
}

function stack({ g }: LayerBuilder, values: readonly Value[]): Value {
  const each = values.map((value) => g.unsqueeze(value, [0]));
  return each.length === 1 ? each[0]! : g.concat(each, 0);
}
