export { higherIsBetter, type Metric } from "./metric.ts";
export { type MetricValues, metricsOf, sumNames, type Task } from "./tasks.ts";
