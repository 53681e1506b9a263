/**
 * What is told of a training that has run away: where a loss or a gradient is no number any more, on
 * which samples, and which parameters' gradients are the largest there.
 */
import { DomainError } from "@amaas/errors";

export interface Divergence {
  readonly step: number;
  readonly leaf: number;
  readonly loss: number;
  /** Of the micro-batch: places in the training split, counted from 0. */
  readonly samples: readonly number[];
  /** By parameter. */
  readonly gradients: Readonly<Record<string, Float32Array>>;
}

const mostSamples = 16;
const mostParameters = 3;

/** Undefined where all is finite. */
export function divergenceError(found: Divergence): DomainError | undefined {
  const { step, leaf, loss, samples, gradients } = found;
  const sizes = Object.entries(gradients).map(([name, values]) => ({
    name,
    size: largest(values),
  }));
  const isSound = Number.isFinite(loss) && sizes.every(({ size }) => Number.isFinite(size));
  if (isSound) return undefined;
  const what = Number.isFinite(loss) ? "the gradient is not finite" : `the loss is ${loss}`;
  const shown = samples.slice(0, mostSamples).join(", ");
  const more = samples.length > mostSamples ? ` and ${samples.length - mostSamples} more` : "";
  const worst = sizes.sort((a, b) => rank(b.size) - rank(a.size)).slice(0, mostParameters);
  const named = worst.map(({ name, size }) => `${name} ${Number(size.toPrecision(3))}`).join(", ");
  return new DomainError(
    "failed-precondition",
    `step ${step}, virtual shard ${leaf}: ${what}; samples ${shown}${more} of the training split; ` +
      `largest gradients: ${named}; a smaller learning rate or clipping may help`,
  );
}

/** Largest magnitude; NaN where there is one. */
function largest(values: Float32Array): number {
  let most = 0;
  for (const value of values) {
    const size = Math.abs(value);
    if (!(size <= most)) most = size;
    if (Number.isNaN(most)) return most;
  }
  return most;
}

/** NaN is worse than any number. */
function rank(size: number): number {
  return Number.isNaN(size) ? Number.MAX_VALUE * 2 : Math.min(size, Number.MAX_VALUE);
}
