/**
 * The learning rate on a plateau, as PyTorch's ReduceLROnPlateau has it, with an absolute threshold:
 *
 *   an epoch is better if its value beats the best so far by more than minDelta;
 *   after more than `patience` epochs that are not, share = max(end, share factor);
 *   the `cooldown` epochs that follow a cut do not count.
 *
 * PyTorch leaves out cuts of less than 1e-8 (its eps); here every cut is made. A fold over what the
 * validations tell: unlike other schedules it cannot be known before the first step.
 */
import { isErrorMetric, type ScheduleSpec } from "@amaas/spec";

export type PlateauSpec = ScheduleSpec & { readonly type: "plateau" };

export interface Plateau {
  /** Of the learning rate that there would be otherwise. */
  readonly share: number;
  readonly best: number | undefined;
  /** Epochs in a row that were not better. */
  readonly worse: number;
  /** Epochs that still do not count. */
  readonly resting: number;
}

export const plateauAtFirst: Plateau = { share: 1, best: undefined, worse: 0, resting: 0 };

/** After one more epoch, whose metric had this value; one that is no number is not better. */
export function afterEpoch(spec: PlateauSpec, before: Plateau, value: number): Plateau {
  const { metric, minDelta, patience, cooldown, factor, end } = spec;
  const { share, best } = before;
  const gain = best === undefined ? Infinity : isErrorMetric(metric) ? best - value : value - best;
  const better = !Number.isNaN(value) && gain > minDelta;
  const resting = Math.max(0, before.resting - 1);
  const worse = better || before.resting > 0 ? 0 : before.worse + 1;
  const next = { share, best: better ? value : best, worse, resting };
  if (worse <= patience) return next;
  return { ...next, share: Math.max(end, share * factor), worse: 0, resting: cooldown };
}
