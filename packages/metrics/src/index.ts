export {
  type ClassificationMeasures,
  calibrationBins,
  type LanguageMeasures,
  type Measures,
  measuresOf,
  mostMatrixClasses,
  type ReconstructionMeasures,
  type RegressionMeasures,
  type SumGroup,
  sumsOf,
} from "./measures.ts";
export { confusionOf, type MetricValues, metricsOf } from "./metrics.ts";
