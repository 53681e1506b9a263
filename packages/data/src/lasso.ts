/**
 * How much of a linear model each feature is, once a penalty has made the others exactly 0: the largest |b| of
 * the lasso, min |y - X b|^2 / 2n + lambda |b|_1 (Tibshirani, 1996), over standardised features and labels; a
 * class is a label of 1 among 0. lambda is a twentieth of the least that leaves nothing. By coordinate descent on
 * the features' covariances (Friedman, Hastie and Tibshirani, 2010), so that rows are looked at twice, in blocks.
 */
import type { Labels } from "./dataset.ts";
import { faultyData } from "./limits.ts";
import type { Blocks } from "./selection.ts";
import { standardised } from "./statistics.ts";

const mostFeatures = 2048;
const penaltyShare = 0.05;
const mostSweeps = 1000;
/** Where no weight moves by more in a sweep, it is at rest. */
const rest = 1e-7;

export async function lasso(blocks: Blocks, width: number, labels: Labels): Promise<Float64Array> {
  if (width > mostFeatures)
    throw faultyData(
      "features.select.by",
      `l1 compares all features with each other, at most ${mostFeatures}, found ${width}; wanted variance or mutual-information`,
    );
  const targets = targetsOf(labels);
  const { means, scales, rows } = await momentsOf(blocks, width);
  const scaled = (value: number, column: number) =>
    scales[column] === 0 ? 0 : (value - means[column]!) / scales[column]!;
  const covariances = new Float64Array(width * width);
  const withLabels = targets.map(() => new Float64Array(width));
  const x = new Float64Array(width);
  let row = 0;
  for await (const block of blocks())
    for (let at = 0; at < block.length; at += width, row++) {
      for (let column = 0; column < width; column++)
        x[column] = scaled(block[at + column]!, column);
      for (let i = 0; i < width; i++) {
        if (x[i] === 0) continue;
        for (let j = 0; j < width; j++) covariances[i * width + j]! += (x[i]! * x[j]!) / rows;
        for (const [target, sums] of withLabels.entries())
          sums[i]! += (x[i]! * targets[target]![row]!) / rows;
      }
    }
  const worth = new Float64Array(width);
  for (const sums of withLabels)
    for (const [column, weight] of descend(covariances, sums).entries())
      worth[column] = Math.max(worth[column]!, Math.abs(weight));
  return worth;
}

/** Standardised, one for each class; of two classes, the second says it all. */
function targetsOf(labels: Labels): readonly Float64Array[] {
  if (labels.kind === "none") return [];
  if (labels.kind === "value") return [standardised(labels.values)];
  const { classes, values } = labels;
  return classes
    .map((_, kind) => standardised(Float32Array.from(values, (value) => Number(value === kind))))
    .slice(classes.length === 2 ? 1 : 0);
}

/** Deviations are 0 where nothing varies. */
async function momentsOf(blocks: Blocks, width: number) {
  const means = new Float64Array(width);
  const squares = new Float64Array(width);
  let rows = 0;
  for await (const block of blocks())
    for (let at = 0; at < block.length; at += width) {
      rows++;
      for (let column = 0; column < width; column++) {
        const away = block[at + column]! - means[column]!;
        means[column]! += away / rows;
        squares[column]! += away * (block[at + column]! - means[column]!);
      }
    }
  return { means, scales: squares.map((square) => Math.sqrt(square / Math.max(1, rows))), rows };
}

/** One weight at a time, as far as it lowers the sum of squares by more than the penalty. */
function descend(covariances: Float64Array, withLabel: Float64Array): Float64Array {
  const width = withLabel.length;
  const penalty = penaltyShare * withLabel.reduce((most, sum) => Math.max(most, Math.abs(sum)), 0);
  const weights = new Float64Array(width);
  /** What each feature has in common with what is not yet explained. */
  const left = withLabel.slice();
  for (let sweep = 0; sweep < mostSweeps; sweep++) {
    let most = 0;
    for (let column = 0; column < width; column++) {
      const own = covariances[column * width + column]!;
      if (own === 0) continue;
      const pull = left[column]! + own * weights[column]!;
      const next = (Math.sign(pull) * Math.max(0, Math.abs(pull) - penalty)) / own;
      const step = next - weights[column]!;
      if (step === 0) continue;
      weights[column] = next;
      for (let other = 0; other < width; other++)
        left[other]! -= step * covariances[column * width + other]!;
      most = Math.max(most, Math.abs(step));
    }
    if (most <= rest) break;
  }
  return weights;
}
