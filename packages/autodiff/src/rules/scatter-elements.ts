/** The gradient of ScatterElements in all its reductions, which ScatterND shares. */
import type { GraphBuilder, Value } from "@amaas/graph";
import { zerosLike } from "../sizes.ts";

interface Scatter {
  readonly x: readonly [data: Value, indices: Value, updates: Value];
  readonly y: Value;
  readonly dy: Value;
  readonly axis: number;
  readonly reduction: string;
  readonly wanted: readonly boolean[];
}

type Pair = readonly [data: Value | null, updates: Value | null];

export function scatterGradients(g: GraphBuilder, node: Scatter): Pair {
  const [, indices, updates] = node.x;
  const { dy, axis, reduction, wanted } = node;
  if (reduction === "mul") return ofProduct(g, node);
  if (reduction === "min" || reduction === "max") return ofExtreme(g, node);
  const dUpdates = wanted[2] ? g.gatherElements(dy, indices, axis) : null;
  if (reduction === "add") return [dy, dUpdates];
  // With "none" ONNX leaves repeated indices undefined, so each place is taken to be written once.
  const rest = () => g.scatterElements(dy, indices, zerosLike(g, updates), { axis });
  return [wanted[0] ? rest() : null, dUpdates];
}

/**
 * y = data Π u over the updates of a place: each factor's slope is the product of the others. Zeros are counted and
 * left out of the product, so that one of them still has its slope.
 */
function ofProduct(
  g: GraphBuilder,
  { x: [data, indices, updates], dy, axis, wanted }: Scatter,
): Pair {
  const scatter = (base: Value, changes: Value, reduction: "add" | "mul") =>
    g.scatterElements(base, indices, changes, { axis, reduction });
  const pick = (x: Value) => g.gatherElements(x, indices, axis);
  const one = g.scalar(1, data);
  const ones = g.add(zerosLike(g, data), one);
  const ddata = () => g.mul(dy, scatter(ones, updates, "mul"));
  const dupdates = () => {
    const zero = g.scalar(0, updates);
    const isZero = g.equal(updates, zero);
    const others = g.sub(
      pick(scatter(zerosLike(g, data), g.cast(isZero, updates.type!), "add")),
      g.cast(isZero, updates.type!),
    );
    const filled = g.where(isZero, one, updates);
    const rest = g.div(pick(scatter(ones, filled, "mul")), filled);
    return g.mul(pick(g.mul(dy, data)), g.where(g.equal(others, zero), rest, zero));
  };
  return [wanted[0] ? ddata() : null, wanted[2] ? dupdates() : null];
}

/** The one that came through takes all; where several are equal they share it, as in PyTorch's scatter_reduce. */
function ofExtreme(
  g: GraphBuilder,
  { x: [data, indices, updates], y, dy, axis, wanted }: Scatter,
): Pair {
  const pick = (x: Value) => g.gatherElements(x, indices, axis);
  const ownMark = g.cast(g.equal(data, y), data.type!);
  const marks = g.cast(g.equal(updates, pick(y)), updates.type!);
  const count = g.scatterElements(ownMark, indices, marks, { axis, reduction: "add" });
  const share = g.div(dy, count);
  return [wanted[0] ? g.mul(ownMark, share) : null, wanted[2] ? g.mul(marks, pick(share)) : null];
}
