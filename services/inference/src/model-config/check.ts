/** What a configuration asks for that cannot be done here is refused: half of it would be another model. */
import { DomainError } from "@amaas/errors";
import type { ModelConfig } from "@amaas/proto/inference/model_config";

const platform = "onnxruntime_onnx";
const backend = "onnxruntime";

const mostInstances = 256;
/** A queue is kept for each that requests have named. */
const mostPriorityLevels = 1000;

type Check = (config: ModelConfig, model: string) => string | undefined;

const checks: readonly Check[] = [
  ({ name }, model) =>
    name !== "" && name !== model
      ? `unexpected directory name '${model}' for model '${name}', directory name must equal model name`
      : undefined,
  (config) =>
    config.platform !== "" && config.platform !== platform
      ? `platform is '${config.platform}'; wanted '${platform}'`
      : undefined,
  (config) =>
    config.backend !== "" && config.backend !== backend
      ? `backend is '${config.backend}'; wanted '${backend}'`
      : undefined,
  ({ maxBatchSize }) =>
    maxBatchSize < 0 ? `max_batch_size is ${maxBatchSize}; wanted at least 0` : undefined,
  ({ schedulingChoice }) =>
    schedulingChoice?.$case === "sequenceBatching" ||
    schedulingChoice?.$case === "ensembleScheduling"
      ? `${schedulingChoice.$case === "sequenceBatching" ? "sequence_batching" : "ensemble_scheduling"} is not implemented`
      : undefined,
  ({ modelTransactionPolicy }) =>
    modelTransactionPolicy?.decoupled
      ? "model_transaction_policy.decoupled is not implemented"
      : undefined,
  ({ input, output }) =>
    [...input, ...output].some(({ reshape }) => reshape !== undefined)
      ? "reshape is not implemented; wanted dims as the model has them"
      : undefined,
  ({ batchInput, batchOutput }) =>
    batchInput.length + batchOutput.length > 0
      ? "batch_input and batch_output are not implemented"
      : undefined,
  ({ modelOperations }) =>
    modelOperations && modelOperations.opLibraryFilename.length > 0
      ? "model_operations are not implemented: a model's code is not run"
      : undefined,
  ({ defaultModelFilename: file }) =>
    file !== "" && !isPlainName(file)
      ? `default_model_filename is '${file}'; wanted the name of a file`
      : undefined,
  ({ output }) => {
    const wrong = output.find(({ labelFilename: file }) => file !== "" && !isPlainName(file));
    return wrong
      ? `label_filename of output '${wrong.name}' is '${wrong.labelFilename}'; wanted the name of a file`
      : undefined;
  },
  (config) =>
    config.instanceGroup.some(({ count }) => count < 0) || instancesOf(config) > mostInstances
      ? `instance_group counts ${instancesOf(config)} instances; wanted at most ${mostInstances}, no count below 0`
      : undefined,
  ({ maxBatchSize, schedulingChoice }) =>
    schedulingChoice?.$case === "dynamicBatching"
      ? dynamicBatching(maxBatchSize, schedulingChoice.value)
      : undefined,
];

type DynamicBatching = Extract<
  NonNullable<ModelConfig["schedulingChoice"]>,
  { $case: "dynamicBatching" }
>["value"];

function dynamicBatching(
  maxBatchSize: number,
  {
    preferredBatchSize,
    priorityLevels,
    defaultPriorityLevel,
    priorityQueuePolicy,
  }: DynamicBatching,
): string | undefined {
  const wrong = preferredBatchSize.find(
    (size) => size <= 0 || (maxBatchSize > 0 && size > maxBatchSize),
  );
  if (wrong !== undefined)
    return `preferred_batch_size ${wrong} is not from 1 to max_batch_size ${maxBatchSize}`;
  if (priorityLevels > mostPriorityLevels)
    return `priority_levels is ${priorityLevels}; wanted at most ${mostPriorityLevels}`;
  if (defaultPriorityLevel > priorityLevels)
    return `default_priority_level is ${defaultPriorityLevel}; wanted at most priority_levels ${priorityLevels}`;
  const levels = [...priorityQueuePolicy.keys()];
  const outside = levels.find((level) => level < 1n || level > priorityLevels);
  return outside === undefined
    ? undefined
    : `priority_queue_policy has level ${outside}; wanted 1 to priority_levels ${priorityLevels}`;
}

/** As the groups say, whatever kind of processor they are for; one where none does. */
export function instancesOf(config: ModelConfig | undefined): number {
  const counts = config?.instanceGroup.map(({ count }) => Math.max(1, count)) ?? [];
  return counts.reduce((sum, count) => sum + count, 0) || 1;
}

/** A name that stays in its folder. */
export function isPlainName(name: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}$/.test(name);
}

export function checkConfig(config: ModelConfig, model: string): void {
  const faults = checks.flatMap((check) => check(config, model) ?? []);
  if (faults.length > 0)
    throw new DomainError(
      "invalid-argument",
      `the configuration cannot be served: ${faults.join("; ")}`,
    );
}
