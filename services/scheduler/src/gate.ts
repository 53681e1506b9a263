/**
 * What is registered of a job, and whether its version gets an alias. Pure.
 */
import type { Progress } from "@amaas/proto/amaas/scheduler/v1/jobs";
import type { GateSpec } from "@amaas/spec";

/** "<split>/<metric>" to value: of the validation and the test of the weights that are kept. */
export function metricsOf(progress: Progress | undefined): Record<string, number> {
  const { evaluations = [], ending } = progress ?? {};
  const last = ending?.keptStep ?? Number.POSITIVE_INFINITY;
  const metrics: Record<string, number> = {};
  // In the order of the steps, so that a later evaluation of a split replaces an earlier one.
  for (const { split, metrics: values } of evaluations.filter(({ step }) => step <= last))
    for (const [metric, value] of Object.entries(values)) metrics[`${split}/${metric}`] = value;
  return metrics;
}

export interface Verdict {
  readonly passed: boolean;
  /** E.g. "validation/accuracy 0.951 >= 0.93". */
  readonly text: string;
}

export function judge(gate: GateSpec, metrics: Readonly<Record<string, number>>): Verdict {
  const name = `${gate.split}/${gate.metric}`;
  const value = metrics[name];
  if (value === undefined) return { passed: false, text: `${name} was not measured` };
  const limits = [
    { sign: ">=", opposite: "<", limit: gate.min, holds: value >= (gate.min ?? -Infinity) },
    { sign: "<=", opposite: ">", limit: gate.max, holds: value <= (gate.max ?? Infinity) },
  ].filter(({ limit }) => limit !== undefined);
  const broken = limits.filter(({ holds }) => !holds);
  const shown = broken.length > 0 ? broken : limits;
  const text = shown
    .map(
      ({ sign, opposite, limit, holds }) =>
        `${name} ${short(value)} ${holds ? sign : opposite} ${limit}`,
    )
    .join(" and ");
  return { passed: broken.length === 0, text };
}

function short(value: number): string {
  return String(Number(value.toPrecision(6)));
}
