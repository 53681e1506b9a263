/**
 * Schedules: the factor of the learning rate as a pure function of the step.
 *
 * The formulas are those of PyTorch's schedulers in closed form. A new schedule is an entry here.
 */
import type { ScheduleSpec } from "@amaas/spec";
import { cosPi, power } from "./elementary.ts";

/** Of the step, counted from 0 at the schedule's own beginning. */
export type Factor = (step: number) => number;

/** How long what lies after the warm-up is, in steps, and a length in the schedule's unit. */
export interface Extent {
  readonly total: number;
  steps(length: number): number;
}

type ScheduleName = ScheduleSpec["type"];
type SpecOf<Name extends ScheduleName> = ScheduleSpec & { readonly type: Name };

const schedules: {
  readonly [Name in ScheduleName]: (spec: SpecOf<Name>, extent: Extent) => Factor;
} = {
  constant: () => () => 1,

  step({ every, factor }, { steps }) {
    const interval = steps(every);
    return (step) => power(factor, Math.floor(step / interval));
  },

  "multi-step"({ at, factor }, { steps }) {
    const places = at.map(steps);
    return (step) => power(factor, places.filter((place) => place <= step).length);
  },

  exponential({ factor }, { steps }) {
    const interval = steps(1);
    return (step) => power(factor, Math.floor(step / interval));
  },

  // SGDR, Loshchilov and Hutter 2017: end + (1 - end) (1 + cos(pi t / T)) / 2
  cosine({ end, cycle, growth }, { total, steps }) {
    const first = cycle === undefined ? undefined : steps(cycle);
    return (step) => {
      const place = first === undefined ? Math.min(step / total, 1) : inCycle(step, first, growth);
      return between(end, 1, (1 + cosPi(place)) / 2);
    };
  },

  // Super-convergence, Smith and Topin 2018, in PyTorch's two phases.
  "one-cycle"({ start, end, rise, shape }, { total }) {
    const top = rise * total - 1;
    const last = total - 1;
    const eased = shape === "linear" ? (x: number) => x : (x: number) => (1 - cosPi(x)) / 2;
    return (step) => {
      if (step <= top) return between(start, 1, eased(top === 0 ? 1 : step / top));
      const down = Math.min((step - Math.max(top, 0)) / Math.max(last - Math.max(top, 0), 1), 1);
      return between(1, end, eased(down));
    };
  },

  polynomial({ power: exponent, end }, { total }) {
    return (step) => between(end, 1, power(1 - Math.min(step / total, 1), exponent));
  },

  // What the validations make of it, `plateau.ts`, is not known before.
  plateau: () => () => 1,
};

/** The factor of a validated schedule, its warm-up left aside. */
export function factorOf(spec: ScheduleSpec, extent: Extent): Factor {
  return make(spec.type, spec, extent);
}

/** Generic in the name, which ties the table's entry to the spec that it takes. */
function make<Name extends ScheduleName>(name: Name, spec: SpecOf<Name>, extent: Extent): Factor {
  return schedules[name](spec, extent);
}

/** From 0 at a cycle's beginning to 1 at its end; each is `growth` times as long as the one before. */
function inCycle(step: number, first: number, growth: number): number {
  let length = first;
  let from = 0;
  if (growth === 1) from = step - (step % length);
  else
    while (step >= from + length) {
      from += length;
      length *= growth;
    }
  return (step - from) / length;
}

function between(a: number, b: number, share: number): number {
  return a + (b - a) * share;
}
