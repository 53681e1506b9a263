export {
  type ClassificationMeasures,
  calibrationBins,
  type Measures,
  measuresOf,
  mostMatrixClasses,
  type RegressionMeasures,
  type SumGroup,
  sumsOf,
} from "./measures.ts";
export { confusionOf, type MetricValues, metricsOf } from "./metrics.ts";
