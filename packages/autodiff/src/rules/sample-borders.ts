/** Coordinates brought inside the axes they count along, so that what lies between two elements is between two inside. */
import type { GraphBuilder, Value } from "@amaas/graph";
import { floatOf, type Size } from "../sizes.ts";
import { perAxis } from "./plane-axes.ts";

export interface Coordinates {
  /** [batch, axes, 1, places] */
  readonly u: Value;
  /** How fast they move with what was given, where that is not 1. */
  readonly slope?: Value;
}

/** Those in front of the first element are there, those behind the last one there. */
export function clipped(g: GraphBuilder, u: Value, sizes: readonly Size[]): Coordinates {
  const { inside, within } = clip(g, u, sizes);
  return { u: inside, slope: g.cast(within, floatOf(u)) };
}

/** Mirrored to and fro: at the last elements, or at their edges, from where it is not far to the elements. */
export function mirrored(
  g: GraphBuilder,
  u: Value,
  sizes: readonly Size[],
  atEdges: boolean,
): Coordinates {
  const half = g.scalar(0.5, u);
  const from = atEdges ? g.add(u, half) : u;
  // There and back; an axis of one element that is mirrored there has no length.
  const way = atEdges ? { factor: 2 } : { factor: 2, plus: -2, least: 1 };
  const round = perAxis(g, sizes, floatOf(u), way);
  const there = g.node("Mod", [g.abs(from), round], { fmod: 1 });
  const back = g.sub(round, there);
  const folded = g.node("Min", [there, back]);
  const { inside, within } = clip(g, atEdges ? g.sub(folded, half) : folded, sizes);
  const onward = g.equal(g.greaterOrEqual(from, g.scalar(0, u)), g.less(there, back));
  const turn = g.where(onward, g.scalar(1, u), g.scalar(-1, u));
  return { u: inside, slope: g.where(within, turn, g.scalar(0, u)) };
}

/** A coordinate on the border counts as brought there. */
function clip(g: GraphBuilder, u: Value, sizes: readonly Size[]) {
  const zero = g.scalar(0, u);
  const last = perAxis(g, sizes, floatOf(u), { plus: -1 });
  const inside = g.node("Min", [g.node("Max", [u, zero]), last]);
  return { inside, within: g.and(g.greater(inside, zero), g.less(inside, last)) };
}
