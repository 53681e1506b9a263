/** Mean and variance of groups of elements, as the kernels of normalizations need them. */
import { generate, type NDArray, numbersOf } from "../ndarray.ts";

export interface Moments {
  readonly mean: number;
  /** Of the whole population: the mean square of what is left when the mean is taken out. */
  readonly variance: number;
}

/** Which group an element belongs to, by position. */
export type GroupOf = (at: number) => number;

export function momentsOf(x: NDArray, groups: number, groupOf: GroupOf): readonly Moments[] {
  const data = numbersOf(x);
  const means = meansOf(data, groups, groupOf);
  const squares = data.map((value, at) => (value - means[groupOf(at)]!) ** 2);
  const variances = meansOf(squares, groups, groupOf);
  return Array.from(means, (mean, group) => ({ mean, variance: variances[group]! }));
}

/** The mean of each group. */
export function meansOf(data: Float64Array, groups: number, groupOf: GroupOf): Float64Array {
  const sums = new Float64Array(groups);
  const counts = new Float64Array(groups);
  for (const [at, value] of data.entries()) {
    sums[groupOf(at)]! += value;
    counts[groupOf(at)]! += 1;
  }
  return sums.map((sum, group) => sum / counts[group]!);
}

/** Each element less the mean of its group, divided by what the group is spread by. */
export function standardize(
  x: NDArray,
  moments: readonly Moments[],
  groupOf: GroupOf,
  spread: (moments: Moments) => number,
): NDArray {
  const data = numbersOf(x);
  return generate(x.type, x.shape, (at) => {
    const group = moments[groupOf(at)]!;
    return (data[at]! - group.mean) / spread(group);
  });
}
