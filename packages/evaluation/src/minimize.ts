/**
 * The least of a smooth function by L-BFGS (Liu and Nocedal, 1989): a limited number of looks at its value
 * and gradient, the last few of which stand for its curvature.
 *
 * Additions and multiplications in float64 in a fixed order, so that the same function has the same least
 * point everywhere.
 */

export interface Look {
  readonly value: number;
  readonly gradient: Float64Array;
}

export interface Limits {
  /** Looks at the function. */
  readonly looks: number;
  /** It is over where no element of the gradient is larger. */
  readonly tolerance: number;
}

interface Turn {
  readonly step: Float64Array;
  readonly change: Float64Array;
  readonly rho: number;
}

const memory = 10;
/** A step has to bring this share of what the slope promises (Armijo, 1966). */
const leastShare = 1e-4;

export async function minimize(
  look: (at: Float64Array) => Promise<Look>,
  start: Float64Array,
  { looks, tolerance }: Limits,
): Promise<Float64Array> {
  let at = start;
  let here = await look(at);
  let turns: readonly Turn[] = [];
  let length = 1 / Math.max(1, Math.sqrt(dot(here.gradient, here.gradient)));
  for (let left = looks - 1; left > 0; left--) {
    if (here.gradient.every((slope) => Math.abs(slope) <= tolerance)) break;
    const direction = directionOf(here.gradient, turns);
    const slope = dot(direction, here.gradient);
    const next = at.map((value, i) => value + length * (direction[i] ?? 0));
    const there = await look(next);
    if (!(there.value <= here.value + leastShare * length * slope)) {
      length /= 2;
      continue;
    }
    turns = remember(turns, at, next, here, there);
    [at, here, length] = [next, there, 1];
  }
  return at;
}

function remember(
  turns: readonly Turn[],
  from: Float64Array,
  to: Float64Array,
  before: Look,
  after: Look,
): readonly Turn[] {
  const step = to.map((value, i) => value - (from[i] ?? 0));
  const change = after.gradient.map((value, i) => value - (before.gradient[i] ?? 0));
  const curvature = dot(step, change);
  // A turn without curvature says nothing of the way on.
  if (!(curvature > 1e-12 * dot(change, change))) return turns;
  return [...turns, { step, change, rho: 1 / curvature }].slice(-memory);
}

/** Minus the gradient, times what the turns tell of the inverse curvature: the two loops of L-BFGS. */
function directionOf(gradient: Float64Array, turns: readonly Turn[]): Float64Array {
  const q = gradient.map((slope) => -slope);
  const alphas = turns.toReversed().map(({ step, change, rho }) => {
    const alpha = rho * dot(step, q);
    addScaled(q, change, -alpha);
    return alpha;
  });
  const last = turns.at(-1);
  if (last) {
    const scale = 1 / (last.rho * dot(last.change, last.change));
    for (let i = 0; i < q.length; i++) q[i]! *= scale;
  }
  turns.forEach(({ step, change, rho }, turn) => {
    const beta = rho * dot(change, q);
    addScaled(q, step, (alphas[turns.length - 1 - turn] ?? 0) - beta);
  });
  return q;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function addScaled(target: Float64Array, values: Float64Array, factor: number): void {
  for (let i = 0; i < target.length; i++) target[i]! += factor * values[i]!;
}
