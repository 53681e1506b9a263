/** What a recurrent layer does apart from its steps: weights of each direction, and the products of all inputs with W. */
import { type GraphBuilder, printShape, type Shape, type Value } from "@amaas/graph";
import { refuse } from "../refusal.ts";
import { shapeOf, sizeAt, vectorOf } from "../sizes.ts";
import type { Cell, Weights } from "./recurrent-cells.ts";

export interface Own {
  readonly w: Value;
  readonly r: Value;
  readonly b: Value | undefined;
  readonly p: Value | undefined;
}

/** W x + b of all steps, and what remains to be multiplied with in each. */
export function prepared(
  g: GraphBuilder,
  x: Value,
  cell: Pick<Cell, "hidden" | "parts" | "biasApart">,
  { w, r, b, p }: Own,
) {
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
  return { shares, weights, flat };
}

/** The part of each direction, whose shape is known from other inputs too. */
export function perDirection(
  g: GraphBuilder,
  value: Value,
  directions: number,
  shape: Shape,
): readonly Value[] {
  const parts = directions === 1 ? [value] : g.split(value, new Array(directions).fill(1));
  const types = [{ type: value.type!, shape }];
  return parts.map((part) => g.node("Squeeze", [part, g.ints([0])], {}, { types }));
}

export function hiddenSize(r: Value, given: number | undefined): number {
  const size = shapeOf(r)[2];
  if (typeof size === "number") return size;
  return (
    given ??
    refuse(`R is ${printShape(r.shape)}; declare its last size as a number, or hidden_size`)
  );
}

export function zeroState(g: GraphBuilder, x: Value, hidden: number): Value {
  return g.expand(g.scalar(0, x), vectorOf(g, [hidden, sizeAt(g, x, 1)]));
}

export function joined(g: GraphBuilder, values: readonly Value[], axis: number): Value {
  return values.length === 1 ? values[0]! : g.concat(values, axis);
}
