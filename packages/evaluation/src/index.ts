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
export {
  evaluationOf,
  type ScoredBaseline,
  type ScoredSplit,
  type Scores,
  type Slicing,
} from "./evaluate.ts";
export { type Look, minimize } from "./minimize.ts";
export { type Measure, measureOf, metricsOfAll, type Outcomes, taken } from "./outcomes.ts";
export {
  type BaselineRecord,
  type Estimate,
  type Estimates,
  type EvaluationRecord,
  readRecord,
  type SliceRecord,
  type SplitRecord,
  writeRecord,
} from "./record.ts";
export type { Facts, Finding, Rule, Tone } from "./verdict/finding.ts";
export { type RuleName, rules, verdictOf } from "./verdict/index.ts";
