/**
 * What is known of each step besides its loss, for curves: one list for each figure, by step, NaN
 * where it is not known. A function of the spec and of how many servers there are, as checkpoints
 * have to be.
 */
import type { Squares } from "@amaas/proto/amaas/parameter_server/v1/parameter_server";
import type { Series } from "@amaas/proto/amaas/scheduler/v1/jobs";

export const seriesNames = ["learningRate", "gradientNorm", "weightNorm", "updateRatio"] as const;
export type SeriesName = (typeof seriesNames)[number];
export type StepSeries = { readonly [N in SeriesName]: number[] };

function seriesFrom(values: (name: SeriesName) => number[]): StepSeries {
  return {
    learningRate: values("learningRate"),
    gradientNorm: values("gradientNorm"),
    weightNorm: values("weightNorm"),
    updateRatio: values("updateRatio"),
  };
}

export function noSeries(): StepSeries {
  return seriesFrom(() => []);
}

/** A copy, of what is known as that step has been applied: its own norms come with the next one. */
export function seriesAt(series: StepSeries, step: number): StepSeries {
  return seriesFrom((name) => series[name].slice(0, name === "learningRate" ? step : step - 1));
}

/** What a step's sums of squares mean; the first to tell of a step counts. */
export function recordSquares(series: StepSeries, step: number, squares: Squares): void {
  if (step < series.gradientNorm.length) return;
  const weightNorm = Math.sqrt(squares.weights);
  put(series.gradientNorm, step, Math.sqrt(squares.gradient));
  put(series.weightNorm, step, weightNorm);
  put(series.updateRatio, step, Math.sqrt(squares.update) / weightNorm);
}

export function recordRate(series: StepSeries, step: number, rate: number): void {
  put(series.learningRate, step, rate);
}

/** The figures of the steps from `first` up to `end`. */
export function seriesMessages(
  series: StepSeries,
  first: (name: SeriesName) => number = () => 0,
  end = Number.POSITIVE_INFINITY,
): Series[] {
  return seriesNames.flatMap((name) => {
    const firstStep = first(name);
    const values = Float64Array.from(series[name].slice(firstStep, end));
    return values.length === 0 ? [] : [{ name, firstStep, values: new Uint8Array(values.buffer) }];
  });
}

/** Whole series as they were written; names of another time are passed over. */
export function seriesOf(messages: readonly Series[]): StepSeries {
  return seriesFrom((name) => {
    const values = messages.find((message) => message.name === name)?.values ?? [];
    return [...new Float64Array(new Uint8Array(values).buffer)];
  });
}

function put(values: number[], step: number, value: number): void {
  while (values.length < step) values.push(Number.NaN);
  values[step] = value;
}
