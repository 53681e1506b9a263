export { type MetricValues, metricsOf, sumNames, type Task } from "./tasks.ts";
