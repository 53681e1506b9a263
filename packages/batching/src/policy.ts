/**
 * When a batch is closed and who may wait: either told by Triton's settings, or chosen from one
 * number, the latency that is aimed at.
 */
import { DomainError, type Violation } from "@amaas/errors";

/** What happens to a request that has waited longer than its queue allows: refused, or put behind the others. */
export type TimeoutAction = "reject" | "delay";

/** One priority level's queue. */
export interface QueuePolicy {
  readonly timeoutAction: TimeoutAction;
  /** Microseconds that a request may wait; 0 is without end. */
  readonly defaultTimeoutUs: number;
  /** Whether a request may ask for less than `defaultTimeoutUs`. */
  readonly allowTimeoutOverride: boolean;
  /** Requests that may wait; 0 is as many as the batcher takes. */
  readonly maxQueueSize: number;
}

interface Queues {
  /** Rows of a batch; 1 is no batching. A request of more runs alone. */
  readonly maxRows: number;
  /** Levels that a request's priority may have, 1 served first; 0 is one level. */
  readonly priorityLevels: number;
  readonly defaultPriority: number;
  readonly defaultQueue: QueuePolicy;
  /** By level; the default one for those that are not named. */
  readonly queues: ReadonlyMap<number, QueuePolicy>;
  /** Answers leave in the order in which their batches began. */
  readonly preserveOrdering: boolean;
}

export interface KnobsPolicy extends Queues {
  readonly type: "knobs";
  /** Rows at which a batch is sent without waiting for more. */
  readonly preferredRows: readonly number[];
  /** How long the oldest request may be kept back for others to come. */
  readonly delayMs: number;
}

export interface TargetPolicy extends Queues {
  readonly type: "target";
  /** The latency that 99 of 100 requests are to stay under, queue and run. */
  readonly targetP99Ms: number;
}

export type Policy = KnobsPolicy | TargetPolicy;

const endless: QueuePolicy = {
  timeoutAction: "reject",
  defaultTimeoutUs: 0,
  allowTimeoutOverride: false,
  maxQueueSize: 0,
};

const plain: Queues = {
  maxRows: 1,
  priorityLevels: 0,
  defaultPriority: 0,
  defaultQueue: endless,
  queues: new Map(),
  preserveOrdering: false,
};

type Settings<P extends Policy> = Partial<Omit<P, "type">>;

/** Triton's settings, with its defaults: a batch is whatever is there when something is free to run it. */
export function knobs(settings: Settings<KnobsPolicy> = {}): KnobsPolicy {
  return checked({ ...plain, preferredRows: [], delayMs: 0, ...settings, type: "knobs" });
}

/** Sizes and delays as they have to be for 99 of 100 requests to be answered in `targetP99Ms`. */
export function target(
  settings: Settings<TargetPolicy> & Pick<TargetPolicy, "targetP99Ms">,
): TargetPolicy {
  return checked({ ...plain, ...settings, type: "target" });
}

/** Requests of one batch at a time, as they come. */
export const unbatched: KnobsPolicy = knobs();

function checked<P extends Policy>(policy: P): P {
  const violations: Violation[] = [];
  const wanted = (holds: boolean, field: string, description: string) => {
    if (!holds) violations.push({ field, description });
  };
  const { maxRows, priorityLevels, defaultPriority } = policy;
  wanted(isCount(maxRows) && maxRows > 0, "maxRows", `is ${maxRows}, wanted a whole number from 1`);
  wanted(isCount(priorityLevels), "priorityLevels", `is ${priorityLevels}, wanted a whole number`);
  wanted(
    priorityLevels === 0
      ? defaultPriority === 0
      : isCount(defaultPriority) && defaultPriority >= 1 && defaultPriority <= priorityLevels,
    "defaultPriority",
    `is ${defaultPriority}, wanted a level from 1 to ${priorityLevels}, or 0 where there are none`,
  );
  for (const level of policy.queues.keys())
    wanted(
      isCount(level) && level >= 1 && level <= priorityLevels,
      "queues",
      `has a policy for level ${level}, wanted levels from 1 to ${priorityLevels}`,
    );
  if (policy.type === "target") {
    const { targetP99Ms } = policy;
    wanted(targetP99Ms > 0, "targetP99Ms", `is ${targetP99Ms}, wanted milliseconds above 0`);
  } else {
    const { delayMs, preferredRows } = policy;
    wanted(delayMs >= 0, "delayMs", `is ${delayMs}, wanted milliseconds from 0`);
    for (const rows of preferredRows)
      wanted(
        isCount(rows) && rows >= 1 && rows <= maxRows,
        "preferredRows",
        `has ${rows}, wanted sizes from 1 to ${maxRows}`,
      );
  }
  if (violations.length > 0)
    throw new DomainError(
      "invalid-argument",
      violations.map(({ field, description }) => `${field} ${description}`).join("; "),
      { violations },
    );
  return policy;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** The level that a request is served at. */
export function levelOf(policy: Policy, priority: number): number {
  return priority >= 1 && priority <= policy.priorityLevels ? priority : policy.defaultPriority;
}

export function queueOf(policy: Policy, level: number): QueuePolicy {
  return policy.queues.get(level) ?? policy.defaultQueue;
}

/** Milliseconds that a request may wait; infinite where it may wait without end. */
export function timeoutMs(queue: QueuePolicy, askedUs: number | undefined): number {
  const { defaultTimeoutUs, allowTimeoutOverride } = queue;
  const us = defaultTimeoutUs > 0 ? defaultTimeoutUs : Number.POSITIVE_INFINITY;
  const asked = allowTimeoutOverride && askedUs !== undefined && askedUs > 0 && askedUs < us;
  return (asked ? askedUs : us) / 1000;
}
