/**
 * What a value between the elements of a tensor is made of: a few elements around its place, weighted along each axis
 * by how far they are from it. One that lies outside counts as 0, or as an element inside in its stead.
 */
import { misfit } from "../misfit.ts";

const modes = ["linear", "nearest", "cubic"] as const;
const paddings = ["zeros", "border", "reflection"] as const;

export interface SampleModes {
  readonly mode: (typeof modes)[number];
  readonly padding: (typeof paddings)[number];
  /** Whether an axis ends at the middle of its last element, and not at the edge of it. */
  readonly aligned: boolean;
}

/** What the attributes of GridSample say. */
export function sampleModesOf(attributes: {
  readonly mode: string;
  readonly padding_mode: string;
  readonly align_corners: number;
}): SampleModes {
  const { mode, padding_mode, align_corners } = attributes;
  return {
    mode: oneOf("mode", modes, mode),
    padding: oneOf("padding_mode", paddings, padding_mode),
    aligned: align_corners !== 0,
  };
}

function oneOf<T extends string>(name: string, known: readonly T[], given: string): T {
  return (
    known.find((each) => each === given) ??
    misfit(`${name} is "${given}"; one of ${known.join(", ")} is wanted`)
  );
}

/** How much of which element. */
export interface Tap {
  readonly at: number;
  readonly weight: number;
}

/** More than there are models for; the elements around a place double with each. */
const mostAxes = 3;

/** The elements around a place, which has a coordinate for each axis of a block of elements. */
export function tapsAround(
  place: readonly number[],
  sizes: readonly number[],
  modes: SampleModes,
): readonly Tap[] {
  if (sizes.length > mostAxes)
    misfit(`places have ${sizes.length} coordinates, more than the ${mostAxes} that are taken`);
  let taps: readonly Tap[] = [{ at: 0, weight: 1 }];
  for (const [axis, size] of sizes.entries()) {
    const along = tapsAlong(place[axis]!, size, modes);
    taps = taps.flatMap((outer) =>
      along.map(({ at, weight }) => ({
        at: outer.at * size + at,
        weight: outer.weight * weight,
      })),
    );
  }
  return taps;
}

/** The sum of the elements that are meant, counted from `start`. */
export function sumOfTaps(data: Float64Array, start: number, taps: readonly Tap[]): number {
  return taps.reduce((sum, { at, weight }) => sum + weight * data[start + at]!, 0);
}

function tapsAlong(place: number, size: number, modes: SampleModes): readonly Tap[] {
  return weighted(place, modes.mode).flatMap(({ at, weight }) => {
    const inside = insteadOf(at, size, modes);
    return inside < 0 ? [] : [{ at: inside, weight }];
  });
}

function weighted(place: number, mode: SampleModes["mode"]): readonly Tap[] {
  const below = Math.floor(place);
  const share = place - below;
  const taps = (weights: readonly number[], first: number): readonly Tap[] =>
    weights.map((weight, index) => ({ at: first + index, weight }));
  switch (mode) {
    case "nearest":
      // Of two that are as near, the even one.
      return taps([1], share > 0.5 || (share === 0.5 && below % 2 !== 0) ? below + 1 : below);
    case "linear":
      return taps([1 - share, share], below);
    case "cubic":
      return taps([1 + share, share, 1 - share, 2 - share].map(cubic), below - 1);
  }
}

/** The weight of an element in a cubic interpolation, by its distance. */
function cubic(x: number): number {
  const a = -0.75;
  return x <= 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
}

/** The element that counts where one is asked for, or -1. */
function insteadOf(at: number, size: number, { padding, aligned }: SampleModes): number {
  switch (padding) {
    case "zeros":
      return at >= 0 && at < size ? at : -1;
    case "border":
      return Math.min(Math.max(at, 0), size - 1);
    case "reflection":
      return reflected(at, size, aligned);
  }
}

/** Mirrored at the first and the last element, or at their edges, half an element further out. */
function reflected(at: number, size: number, aligned: boolean): number {
  const period = aligned ? 2 * (size - 1) : 2 * size;
  if (period === 0) return 0;
  const phase = ((at % period) + period) % period;
  return phase < size ? phase : period - (aligned ? 0 : 1) - phase;
}
