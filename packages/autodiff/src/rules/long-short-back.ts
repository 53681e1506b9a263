/**
 * The way back through the steps of a usual LSTM. What the way there has left makes the slopes of gates and of the cell:
 * products of larger arrays for several steps together, so that six nodes are left for each.
 */
import type { GraphBuilder, Value } from "@amaas/graph";
import { turn } from "../products.ts";
import { shapeOf } from "../sizes.ts";
import { type Own, zeroState } from "./recurrent-layer.ts";
import { columns } from "./recurrent-steps.ts";

/** So many steps have their slopes computed together: arrays that fit into a core's own cache. */
const together = 8;

/** As far as they are wanted. */
type Gradients = { readonly [S in "x" | "w" | "r" | "b" | "h" | "c"]: Value | undefined };

export interface Layer {
  readonly x: Value;
  readonly own: Own;
  /** h and c before the first step: [hidden, batch], as everything in a step. */
  readonly start: readonly Value[];
  readonly hidden: number;
  readonly length: number;
  readonly batch: number;
  readonly reverse: boolean;
}

/** What a step leaves for the way back. */
export interface Step {
  readonly h: Value;
  readonly c: Value;
  /** i, o and f. */
  readonly gates: Value;
  readonly f: Value;
  readonly g: Value;
  /** tanh of the cell behind the step. */
  readonly shown: Value;
}

/** What arrives: at h of all steps, [length, 1, batch, hidden], and at the last h and c. */
export interface Arrived {
  readonly steps: Value | undefined;
  readonly h: Value | undefined;
  readonly c: Value | undefined;
}

export interface Left {
  readonly layer: Layer;
  readonly steps: readonly Step[];
  readonly order: readonly number[];
  /** x, a row for each sequence at each step. */
  readonly flat: Value;
}

export function backSteps(
  g: GraphBuilder,
  { layer, steps, order, flat }: Left,
  arrived: Arrived,
  wanted: readonly boolean[],
): Gradients {
  const { x, own, hidden, length, batch } = layer;
  const [, , , , , wantsH, wantsC] = wanted;
  const turned = turn(g, own.r);
  const atSteps =
    arrived.steps &&
    columns(g, g.transpose(g.reshape(arrived.steps, [-1, hidden]), [1, 0]), length, batch);
  const at = (step: number) => atSteps?.[order[step]!];
  const sum = (a: Value | undefined, b: Value | undefined) => (a && b ? g.add(a, b) : (a ?? b));
  const back = (dz: Value, step: number) => g.gemm(turned, dz, at(step));
  let dh = sum(arrived.h, at(length - 1)) ?? zeroState(g, x, hidden);
  let dc = arrived.c;
  const dzs = new Array<Value>(length);
  for (let end = length; end > 0; end -= together) {
    const first = Math.max(0, end - together);
    const slopes = slopesOf(g, steps.slice(first, end), layer);
    for (let step = end - 1; step >= first; step--) {
      const { shown, gates } = slopes[step - first]!;
      const d = sum(g.mul(dh, shown), dc)!;
      const dz = g.mul(g.concat([d, dh, d, d], 0), gates);
      dzs[order[step]!] = dz;
      if (step > 0 || wantsC) dc = g.mul(d, steps[step]!.f);
      if (step > 0) dh = back(dz, step - 1);
      else if (wantsH) dh = g.gemm(turned, dz);
    }
  }
  const byStep = (values: readonly Value[]) => (length === 1 ? values[0]! : g.concat(values, 1));
  const dz = byStep(dzs);
  const before = new Array<Value>(length);
  for (const [step, t] of order.entries()) before[t] = steps[step]!.h;
  const [wantsX, wantsW, wantsR, wantsB] = wanted;
  const biases = () => {
    const sums = g.reduceSum(dz, [1], { keepdims: false });
    return g.concat([sums, sums], 0);
  };
  return {
    x: wantsX
      ? g.reshape(g.gemm(dz, own.w, undefined, { transA: 1 }), shapeOf(x) as readonly number[])
      : undefined,
    w: wantsW ? g.gemm(dz, flat) : undefined,
    r: wantsR ? g.gemm(dz, byStep(before), undefined, { transB: 1 }) : undefined,
    b: wantsB ? biases() : undefined,
    h: wantsH ? g.transpose(dh, [1, 0]) : undefined,
    c: wantsC ? g.transpose(dc!, [1, 0]) : undefined,
  };
}

interface Slopes {
  /** Of h in c, both behind the step. */
  readonly shown: Value;
  /** Of c in z_i, of h in z_o, of c in z_f and z_g. */
  readonly gates: Value;
}

function slopesOf(
  g: GraphBuilder,
  steps: readonly Step[],
  { hidden, batch }: Layer,
): readonly Slopes[] {
  const count = steps.length;
  const stacked = (values: readonly Value[], parts: number) =>
    g.reshape(count === 1 ? values[0]! : g.concat(values, 0), [count, parts, hidden, batch]);
  const cut = (value: Value, parts: number) => {
    const rows = g.reshape(value, [count * parts * hidden, batch]);
    return count === 1 ? [rows] : g.split(rows, new Array(count).fill(parts * hidden));
  };
  const all = stacked(
    steps.map(({ gates }) => gates),
    3,
  );
  const one = g.scalar(1, all);
  const [ofI, ofO, ofF] = g.split(g.mul(all, g.sub(one, all)), [1, 1, 1], 1);
  const [i, o] = g.split(all, [1, 1, 1], 1);
  const c = stacked(
    steps.map(({ c }) => c),
    1,
  );
  const fresh = stacked(
    steps.map((step) => step.g),
    1,
  );
  const shown = stacked(
    steps.map((step) => step.shown),
    1,
  );
  const ofTanh = (y: Value) => g.sub(one, g.mul(y, y));
  const gates = g.concat(
    [g.mul(fresh, ofI!), g.mul(shown, ofO!), g.mul(c, ofF!), g.mul(i!, ofTanh(fresh))],
    1,
  );
  const [behind, inside] = [cut(g.mul(o!, ofTanh(shown)), 1), cut(gates, 4)];
  return behind.map((of, step) => ({ shown: of, gates: inside[step]! }));
}
