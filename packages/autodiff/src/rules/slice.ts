/** The gradient of Slice: what was cut out is put back among zeros. */
import {
  cutOf,
  type Dimension,
  type GraphBuilder,
  knownNumbers,
  sameDimension,
  type Value,
} from "@amaas/graph";
import { type Margins, padZeros } from "../pads.ts";
import type { Rules } from "../rule.ts";
import { positionsOf, reshapeBy, scatterFlat, shapeOf, sizes, sizesOf } from "../sizes.ts";

export const slicing = {
  Slice: ({ g, x: [data, starts, ends, axes, steps], dy }) => {
    const cuts = cutsOf(data, [starts, ends, axes, steps]);
    const back = cuts && putBack(g, data, dy, cuts);
    if (back) return [back, null, null, null, null];
    // Which elements were taken is seen when the graph runs, by cutting their positions likewise.
    const taken = g.node("Slice", [positionsOf(g, data), starts, ends, axes, steps]);
    return [scatterFlat(g, data, taken, dy), null, null, null, null];
  },
} satisfies Rules<"Slice">;

interface CutAxis {
  readonly axis: number;
  readonly start: number;
  readonly end: Dimension;
  readonly step: number;
}

/** What is cut, if it is known where each axis is begun and in which steps. */
function cutsOf(
  data: Value,
  [starts, ends, axes, steps]: readonly (Value | undefined)[],
): readonly CutAxis[] | undefined {
  const rank = shapeOf(data).length;
  const start = knownNumbers(starts?.content);
  const count = start?.length ?? 0;
  const axis = axes ? knownNumbers(axes.content) : Array.from({ length: count }, (_, i) => i);
  const step = steps ? knownNumbers(steps.content) : new Array<number>(count).fill(1);
  const end = ends?.content;
  if (!start || !axis || !step || !end) return undefined;
  return axis.map((at, index) => ({
    axis: at < 0 ? at + rank : at,
    start: start[index]!,
    end: end[index]!,
    step: step[index]!,
  }));
}

/** One Pad, after the steps are spread out again; undefined where the zeros before cannot be counted. */
function putBack(
  g: GraphBuilder,
  data: Value,
  dy: Value,
  cuts: readonly CutAxis[],
): Value | undefined {
  const around: Margins[] = [];
  let spread = dy;
  for (const cut of cuts) {
    const length = shapeOf(data)[cut.axis]!;
    if (sameDimension(length, shapeOf(dy)[cut.axis]!) && cut.step === 1) continue;
    let margins: Omit<Margins, "axis"> | undefined;
    if (typeof length === "number" && typeof cut.end === "number") {
      const { start, count, step } = cutOf(cut.start, cut.end, cut.step, length);
      const [wide, filled] = spreadOut(g, spread, cut.axis, count, step);
      spread = wide;
      const first = step > 0 ? start : Math.max(0, start + (count - 1) * step);
      margins = { before: first, after: length - first - filled };
    } else margins = cut.step === 1 ? marginsOf(g, data, dy, cut) : undefined;
    if (!margins) return undefined;
    around.push({ axis: cut.axis, ...margins });
  }
  return around.length === 0 ? spread : padZeros(g, spread, around);
}

/** The zeros before and after along an axis whose length is seen when the graph runs, where no more is asked. */
function marginsOf(
  g: GraphBuilder,
  data: Value,
  dy: Value,
  { axis, start, end }: CutAxis,
): Omit<Margins, "axis"> | undefined {
  const [length, count] = [sizes(g, data, axis, axis + 1), sizes(g, dy, axis, axis + 1)];
  const rest = g.sub(length, count);
  if (start === 0) return { before: 0, after: rest };
  if (sameDimension(end, shapeOf(data)[axis]!) || (typeof end === "number" && end >= toEnd))
    return { before: rest, after: 0 };
  if (start < 0) return undefined;
  const from = g.ints([start]);
  const before = g.where(g.less(length, from), length, from);
  return { before, after: g.sub(rest, before) };
}

const toEnd = 2 ** 31 - 1;

/** What was taken in steps, with zeros between, and how many elements that is along the axis. */
function spreadOut(
  g: GraphBuilder,
  d: Value,
  axis: number,
  count: number,
  step: number,
): readonly [Value, number] {
  if (count <= 1) return [d, count];
  const at = g.ints([axis]);
  const ascending =
    step > 0 ? d : g.node("Slice", [d, g.ints([-1]), g.ints([-toEnd]), at, g.ints([-1])]);
  const width = Math.abs(step);
  if (width === 1) return [ascending, count];
  const apart = g.unsqueeze(ascending, [axis + 1]);
  const wide = padZeros(g, apart, [{ axis: axis + 1, before: 0, after: width - 1 }]);
  const filled = count * width;
  const shape = sizesOf(g, d).with(axis, filled);
  return [reshapeBy(g, wide, shape), filled];
}
