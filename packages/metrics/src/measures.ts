/**
 * What a job measures, and the sums that it follows from.
 *
 * Only sums travel: they add over samples, micro-batches and workers in the fixed tree, so that a
 * metric is the same whoever computed its parts. Counts are whole numbers, which float32 holds
 * exactly up to 16 million in a micro-batch and float64 beyond.
 */
import { faultySpec, type JobSpec } from "@amaas/spec";

export interface ClassificationMeasures {
  readonly task: "classification";
  readonly classes: number;
  /** Of the top-k accuracy; absent where it is not measured. */
  readonly topK?: number;
}

export interface RegressionMeasures {
  readonly task: "regression";
  /** Of the pinball loss; absent where it is not measured. */
  readonly quantile?: number;
}

export interface ReconstructionMeasures {
  readonly task: "reconstruction";
  /** Of images the ratio of signal to noise is measured too. */
  readonly images: boolean;
}

export interface EmbeddingMeasures {
  readonly task: "embedding";
}

export interface LanguageMeasures {
  readonly task: "language-modeling";
}

export type Measures =
  | ClassificationMeasures
  | RegressionMeasures
  | EmbeddingMeasures
  | ReconstructionMeasures
  | LanguageMeasures;

/** Consecutive sums of one kind. */
export interface SumGroup {
  readonly name: string;
  readonly length: number;
}

/** Up to here every pair of classes is counted, beyond it each class by itself. */
export const mostMatrixClasses = 20;
/** Equal parts of the range of a confidence (Guo and others, 2017, take as many). */
export const calibrationBins = 15;

const usualTopK = 5;

/** What a job measures on data of so many classes, 0 where there are none, of images or others. */
export function measuresOf(spec: JobSpec, classes: number, images = false): Measures {
  const { gate, task, training } = spec;
  if (task === "classification") return classificationMeasures(spec, classes);
  if (task === "reconstruction") {
    if (gate?.metric === "psnr" && !images)
      throw misfit("gate.metric", gate.metric, "another where samples are no images");
    return { task, images };
  }
  if (task === "language-modeling" || task === "embedding") return { task };
  const { loss } = training;
  return { task, ...(loss.type === "quantile" && { quantile: loss.quantile }) };
}

function classificationMeasures({ evaluation, gate }: JobSpec, classes: number): Measures {
  const { topK = usualTopK } = evaluation;
  const measured = topK < classes;
  if (evaluation.topK !== undefined && !measured)
    throw misfit("evaluation.topK", topK, `less than ${classes}, the number of classes`);
  if (gate?.metric === "topKAccuracy" && !measured)
    throw misfit("gate.metric", gate.metric, `another, or evaluation.topK below ${classes}`);
  return { task: "classification", classes, ...(measured && { topK }) };
}

/** The sums of an evaluation, in order. The first is the loss, which is all that a step sums. */
export function sumsOf(measures: Measures): readonly SumGroup[] {
  switch (measures.task) {
    case "classification":
      return classificationSums(measures);
    case "regression":
      return regressionSums(measures);
    case "embedding":
      return ones("loss", "asked", "hits");
    case "reconstruction":
      return ones("loss", "squared", "absolute", ...(measures.images ? ["psnr"] : []));
    case "language-modeling":
      return ones("loss", "tokenLoss", "tokens", "tokenHits");
  }
}

function classificationSums({ classes, topK }: ClassificationMeasures): readonly SumGroup[] {
  return [
    ...ones("loss", "logLoss", "brier"),
    ...(topK === undefined ? [] : ones("amongTopK")),
    // By bin: how many were right, less how many should have been.
    { name: "calibration", length: calibrationBins },
    ...(classes <= mostMatrixClasses
      ? // By actual class, and within by predicted.
        [{ name: "confusion", length: classes * classes }]
      : ["actual", "predicted", "hits"].map((name) => ({ name, length: classes }))),
  ];
}

/** Errors are label less prediction. */
function regressionSums({ quantile }: RegressionMeasures): readonly SumGroup[] {
  return [
    ...ones("loss"),
    // In the units of the labels.
    ...ones("squared", "absolute", "relative"),
    ...(quantile === undefined ? [] : ones("pinball")),
    // In standard deviations of the training labels, from their mean.
    ...ones("error", "errorSquared", "target", "targetSquared"),
  ];
}

function ones(...names: readonly string[]): readonly SumGroup[] {
  return names.map((name) => ({ name, length: 1 }));
}

function misfit(field: string, found: unknown, wanted: string): Error {
  return faultySpec([{ field, description: `found ${found}, wanted ${wanted}` }]);
}
