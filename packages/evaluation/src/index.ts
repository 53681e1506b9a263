export { type Areas, areasOf, type Ranking, rankingOf } from "./areas.ts";
export {
  confidence,
  type Distribution,
  distributionOf,
  type Interval,
  intervalOf,
  resamples,
} from "./bootstrap.ts";
export { OutcomeCollector, type RowOutputs } from "./collect.ts";
export { type Measure, measureOf, metricsOfAll, type Outcomes, taken } from "./outcomes.ts";
