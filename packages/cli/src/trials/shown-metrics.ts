/** The metrics that people look at first, out of those that there are; the others are for `--output json`. */
import { mainMetrics } from "@amaas/spec";

export function shownMetrics(known: readonly string[]): readonly string[] {
  return mainMetrics.filter((name) => known.includes(name));
}
