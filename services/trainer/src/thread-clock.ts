/**
 * What a compute thread's time goes into, from the end of its work for one node of a step to the end
 * of the next, without a gap: a figure for people, of no influence on what is computed.
 */
import type { StepTime } from "@amaas/proto/amaas/scheduler/v1/jobs";
import type { ComputeTimes } from "./compute.thread.ts";

export class ThreadClock {
  #endedAt: number | undefined;
  #intakeAtEnd = 0;
  #beganAt = 0;
  /** Since the work before: taking in weights, and nothing at all. */
  #intake = 0;
  #idle = 0;

  /** The thread is given a node; `intakeMs` is what taking in weights has cost so far, in all. */
  begin(now: number, intakeMs: number): void {
    const gap = this.#endedAt === undefined ? 0 : now - this.#endedAt;
    this.#intake = Math.min(gap, intakeMs - this.#intakeAtEnd);
    this.#idle = gap - this.#intake;
    this.#beganAt = now;
  }

  /** The node's gradient came at `cameAt` and is handed to the streams by now. */
  end(now: number, cameAt: number, intakeMs: number, times: ComputeTimes): StepTime {
    this.#endedAt = now;
    this.#intakeAtEnd = intakeMs;
    const { data, compute, reduce } = times;
    const hops = Math.max(0, cameAt - this.#beganAt - data - compute - reduce);
    return {
      data: data / 1000,
      compute: compute / 1000,
      reduce: reduce / 1000,
      exchange: (this.#intake + now - cameAt) / 1000,
      apply: 0,
      wait: (this.#idle + hops) / 1000,
    };
  }

  /** The thread did something else: the time since its last step is not one of waiting. */
  forget(): void {
    this.#endedAt = undefined;
  }
}
