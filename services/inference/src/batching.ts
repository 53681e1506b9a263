/**
 * How the requests of a version share runs, by its configuration: Triton's `dynamic_batching`, or the one
 * number `target_p99_ms` among its parameters, from which sizes and delays follow.
 *
 * Rows may only be put together where each is answered as if it were alone. A configuration that says
 * how many rows a batch has vouches for that, as long as there is a row of each output for each; where
 * nobody has said anything, the model was tried.
 */
import { knobs, type Policy, type QueuePolicy, target, unbatched } from "@amaas/batching";
import { DomainError } from "@amaas/errors";
import {
  type ModelConfig,
  type ModelDynamicBatching,
  type ModelQueuePolicy,
  ModelQueuePolicy_TimeoutAction as TimeoutAction,
} from "@amaas/proto/inference/model_config";

export interface Batching {
  /** The first dimension of every input counts the rows of a request. */
  readonly countsRows: boolean;
  /** A request of more rows is refused; undefined: it runs alone. */
  readonly mostRows: number | undefined;
  readonly policy: Policy;
}

const targetParameter = "target_p99_ms";

/**
 * `config` is complete. `stated`: whether somebody wrote its batching down; if not, larger requests run
 * all the same.
 *
 * @throws invalid-argument naming the setting that cannot be.
 */
export function batchingOf(config: ModelConfig, stated: boolean): Batching {
  const { maxBatchSize: maxRows } = config;
  const dynamic =
    config.schedulingChoice?.$case === "dynamicBatching"
      ? config.schedulingChoice.value
      : undefined;
  return {
    countsRows: maxRows > 0,
    mostRows: stated && maxRows > 0 ? maxRows : undefined,
    policy: policyOf(Math.max(1, maxRows), dynamic, targetOf(config)),
  };
}

/** The same, with a run for each request. */
export function alone({ policy, ...rest }: Batching): Batching {
  const oneByOne = policy.type === "knobs" ? { preferredRows: [], delayMs: 0 } : {};
  return { ...rest, policy: { ...policy, ...oneByOne, maxRows: 1 } };
}

function policyOf(
  maxRows: number,
  dynamic: ModelDynamicBatching | undefined,
  targetP99Ms: number | undefined,
): Policy {
  const queues = dynamic ? queuesOf(dynamic) : {};
  if (targetP99Ms !== undefined) return target({ ...queues, maxRows, targetP99Ms });
  if (!dynamic) return { ...unbatched, maxRows };
  return knobs({
    ...queues,
    maxRows,
    preferredRows: dynamic.preferredBatchSize.filter((rows) => rows <= maxRows),
    delayMs: Number(dynamic.maxQueueDelayMicroseconds) / 1000,
  });
}

function queuesOf({
  priorityLevels,
  defaultPriorityLevel,
  defaultQueuePolicy,
  priorityQueuePolicy,
  preserveOrdering,
}: ModelDynamicBatching) {
  const levels = Number(priorityLevels);
  return {
    priorityLevels: levels,
    // Who says nothing is served after those who do.
    defaultPriority: Number(defaultPriorityLevel) || levels,
    ...(defaultQueuePolicy && { defaultQueue: queueOf(defaultQueuePolicy) }),
    queues: new Map(
      Array.from(priorityQueuePolicy, ([level, policy]) => [Number(level), queueOf(policy)]),
    ),
    preserveOrdering,
  };
}

function queueOf(policy: ModelQueuePolicy): QueuePolicy {
  return {
    timeoutAction: policy.timeoutAction === TimeoutAction.DELAY ? "delay" : "reject",
    defaultTimeoutUs: Number(policy.defaultTimeoutMicroseconds),
    allowTimeoutOverride: policy.allowTimeoutOverride,
    maxQueueSize: policy.maxQueueSize,
  };
}

function targetOf({ parameters }: ModelConfig): number | undefined {
  const text = parameters[targetParameter]?.stringValue;
  if (text === undefined) return undefined;
  const ms = Number(text);
  if (text.trim() !== "" && ms > 0 && Number.isFinite(ms)) return ms;
  const description = `is '${text.slice(0, 80)}', wanted milliseconds above 0`;
  throw new DomainError("invalid-argument", `parameter ${targetParameter} ${description}`, {
    violations: [{ field: `parameters.${targetParameter}`, description }],
  });
}
