/** What the parameter servers have to know of a job beside its weights. */
import type { SumGroup } from "@amaas/metrics";
import type { HostTask } from "@amaas/proto/amaas/scheduler/v1/fleet";
import { isGuided, type JobSpec } from "@amaas/spec";
import type { Rules } from "./standing.ts";

export interface Plan {
  readonly task: JobSpec["task"];
  readonly leaves: number;
  readonly stepsPerEpoch: number;
  /** The most that there may be. */
  readonly totalSteps: number;
  /** Of an evaluation, in order; a step has the first alone, the loss. */
  readonly sums: readonly SumGroup[];
  readonly validationRows: number;
  readonly testRows: number;
  /** Only of a job that goes by what its validations show. */
  readonly rules?: Rules;
}

export function planOf({ prepared }: HostTask, { task, training }: JobSpec): Plan {
  return {
    task,
    leaves: training.virtualShards,
    stepsPerEpoch: Math.max(1, prepared?.stepsPerEpoch ?? 1),
    totalSteps: prepared?.totalSteps ?? 0,
    sums: prepared?.sums ?? [],
    validationRows: prepared?.validation?.rows ?? 0,
    testRows: prepared?.test?.rows ?? 0,
    ...(isGuided(training) && { rules: training }),
  };
}

/** Whether an epoch is over after so many steps. */
export function endsEpoch({ stepsPerEpoch, totalSteps }: Plan, step: number): boolean {
  return step > 0 && (step % stepsPerEpoch === 0 || step === totalSteps);
}
