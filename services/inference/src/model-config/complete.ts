/**
 * The configuration that a version is served with: what was written down for it, checked against what
 * the model says of itself, and the rest filled in from there.
 */

import type { ValueSpec } from "@amaas/engine";
import { DomainError } from "@amaas/errors";
import {
  DataType as ConfigType,
  ModelInstanceGroup_Kind as Kind,
  ModelConfig,
  ModelInput,
  ModelInstanceGroup,
  ModelOutput,
} from "@amaas/proto/inference/model_config";
import type { DataType } from "@amaas/tensor";
import type { Signature } from "../request.ts";
import { wireShape } from "../shape.ts";

/** What is told where nobody has said how large a batch may be; larger requests run all the same. */
export const unstatedBatch = 64;

const types: { readonly [T in DataType]: ConfigType } = {
  BOOL: ConfigType.TYPE_BOOL,
  UINT8: ConfigType.TYPE_UINT8,
  UINT16: ConfigType.TYPE_UINT16,
  UINT32: ConfigType.TYPE_UINT32,
  UINT64: ConfigType.TYPE_UINT64,
  INT8: ConfigType.TYPE_INT8,
  INT16: ConfigType.TYPE_INT16,
  INT32: ConfigType.TYPE_INT32,
  INT64: ConfigType.TYPE_INT64,
  FP16: ConfigType.TYPE_FP16,
  FP32: ConfigType.TYPE_FP32,
  FP64: ConfigType.TYPE_FP64,
  BYTES: ConfigType.TYPE_STRING,
};

/**
 * Whether somebody has said how requests are batched: a number of rows, or tensors without a dimension
 * for them. If not, the model decides.
 */
export function statesBatching(config: ModelConfig | undefined): config is ModelConfig {
  if (!config) return false;
  return config.maxBatchSize > 0 || config.input.length > 0 || config.output.length > 0;
}

/** `stated` passed `checkConfig`; `rowsApart`: whether the model was seen to look at each row by itself. */
export function completeConfig(
  model: string,
  stated: ModelConfig | undefined,
  signature: Signature,
  rowsApart: boolean,
): ModelConfig {
  const given = stated ?? ModelConfig.create();
  const batches = statesBatching(stated) ? given.maxBatchSize > 0 : rowsApart;
  checkTensors(given, signature, batches);
  const maxBatchSize = batches ? given.maxBatchSize || unstatedBatch : 0;
  return {
    ...given,
    name: model,
    platform: "onnxruntime_onnx",
    backend: "onnxruntime",
    versionPolicy: given.versionPolicy ?? {
      policyChoice: { $case: "latest", value: { numVersions: 1 } },
    },
    maxBatchSize,
    input: signature.inputs.map((spec) => completeInput(given, spec, batches)),
    output: signature.outputs.map((spec) => completeOutput(given, spec, batches)),
    instanceGroup: completeGroups(model, given.instanceGroup),
    defaultModelFilename: given.defaultModelFilename || "model.onnx",
    schedulingChoice:
      given.schedulingChoice ??
      (batches && !statesBatching(stated)
        ? ModelConfig.create({ schedulingChoice: { $case: "dynamicBatching", value: {} } })
            .schedulingChoice
        : undefined),
  };
}

function completeInput({ input }: ModelConfig, spec: ValueSpec, batches: boolean): ModelInput {
  return input.find(({ name }) => name === spec.name) ?? ModelInput.create(describe(spec, batches));
}

function completeOutput({ output }: ModelConfig, spec: ValueSpec, batches: boolean): ModelOutput {
  return (
    output.find(({ name }) => name === spec.name) ?? ModelOutput.create(describe(spec, batches))
  );
}

function describe(spec: ValueSpec, batches: boolean) {
  const dims = wireShape(spec)
    .slice(batches ? 1 : 0)
    .map(BigInt);
  return { name: spec.name, dataType: types[spec.type], dims };
}

/** There are processors and nothing else. */
function completeGroups(
  model: string,
  groups: readonly ModelInstanceGroup[],
): ModelInstanceGroup[] {
  const given = groups.length > 0 ? groups : [ModelInstanceGroup.create()];
  return given.map((group, index) => ({
    ...group,
    name: group.name || (index === 0 ? model : `${model}_${index}`),
    count: group.count || 1,
    kind: Kind.KIND_CPU,
    gpus: [],
  }));
}

type Tensor = Pick<ModelInput, "name" | "dataType" | "dims">;

function checkTensors(config: ModelConfig, signature: Signature, batches: boolean): void {
  const faults = [
    ...faultsOf("input", config.input, signature.inputs, batches),
    ...faultsOf("output", config.output, signature.outputs, batches),
  ];
  if (batches) {
    const fixed = [...signature.inputs, ...signature.outputs].find((spec) => {
      const shape = wireShape(spec);
      return shape.length > 0 && shape[0] !== -1;
    });
    if (fixed)
      faults.push(
        `max_batch_size is ${config.maxBatchSize}, but the model takes ${wireShape(fixed)[0]} rows of '${fixed.name}' and no other number`,
      );
  }
  if (faults.length > 0)
    throw new DomainError(
      "invalid-argument",
      `the configuration does not fit the model: ${faults.join("; ")}`,
    );
}

function faultsOf(
  kind: "input" | "output",
  stated: readonly Tensor[],
  specs: readonly ValueSpec[],
  batches: boolean,
): string[] {
  return stated.flatMap((tensor) => {
    const spec = specs.find(({ name }) => name === tensor.name);
    const what = `${kind} '${tensor.name}'`;
    if (!spec)
      return [`${what} is none of the model's: ${specs.map(({ name }) => `'${name}'`).join(", ")}`];
    const faults: string[] = [];
    const type = types[spec.type];
    if (tensor.dataType !== type && tensor.dataType !== ConfigType.TYPE_INVALID)
      faults.push(
        `${what} has data_type ${nameOf(tensor.dataType)}; the model has ${nameOf(type)}`,
      );
    const shape = wireShape(spec);
    const dims = [...(batches ? [-1] : []), ...tensor.dims.map(Number)];
    // A model that leaves the number of dimensions open looks like one that takes a scalar.
    const fits =
      tensor.dims.length === 0 ||
      shape.length === 0 ||
      (dims.length === shape.length &&
        dims.every((size, axis) => size === -1 || shape[axis] === -1 || size === shape[axis]));
    if (!fits)
      faults.push(
        `${what} has dims [${dims}] with the rows of a batch; the model has [${shape}]`.replace(
          batches ? "" : " with the rows of a batch",
          "",
        ),
      );
    return faults;
  });
}

function nameOf(type: ConfigType): string {
  return (
    Object.keys(ConfigType).find((name) => ConfigType[name as keyof typeof ConfigType] === type) ??
    String(type)
  );
}
