/**
 * KServe's first protocol: instances in, predictions out, all of it JSON.
 *
 * An instance is a row: the value of the model's only input, or an object with the value of each. A prediction is the row
 * of the only output, or an object with that of each.
 */
import { DomainError } from "@amaas/errors";
import type {
  ModelInferRequest,
  ModelInferResponse,
  ModelMetadataResponse,
  ModelMetadataResponse_TensorMetadata as TensorMetadata,
} from "@amaas/proto/inference/grpc_service";
import { type DataType, isDataType } from "@amaas/tensor";
import { arrayOf } from "./fields.ts";
import type { InferTarget } from "./infer-request.ts";
import { TextRoom } from "./infer-response.ts";
import { isObject, type Json, keepsDigits, parseJson } from "./json.ts";
import { readElements, writeRows } from "./json-tensor.ts";
import { type Reply, textOf } from "./reply.ts";

/** As for tensors: what is nested deeper is an attack. */
const deepest = 64;

export function readInstances(
  body: Uint8Array,
  { model, version }: InferTarget,
  { inputs }: ModelMetadataResponse,
): ModelInferRequest {
  const { value, exact } = parseJson(body, "the request");
  const long = inputs.some(({ datatype }) => datatype === "INT64" || datatype === "UINT64");
  const read = long && !keepsDigits(value.instances) ? exact() : value;
  const instances = arrayOf(read, "instances");
  const tensors = inputs.map((input) => {
    const values = instances.map((instance, row) => valueFor(instance, row, input, inputs.length));
    return tensorOf(input, values, body.byteLength);
  });
  return {
    modelName: model,
    modelVersion: version,
    id: "",
    parameters: {},
    inputs: tensors.map(({ name, datatype, shape }) => ({
      name,
      datatype,
      shape: shape.map(BigInt),
      parameters: {},
      contents: undefined,
    })),
    outputs: [],
    rawInputContents: tensors.map(({ raw }) => raw),
  };
}

function valueFor(instance: Json, row: number, { name }: TensorMetadata, inputs: number): Json {
  if (isObject(instance)) {
    const value = instance[name];
    if (value !== undefined) return value;
    throw new DomainError("invalid-argument", `instances[${row}] has no value for input '${name}'`);
  }
  if (inputs === 1) return instance;
  throw new DomainError(
    "invalid-argument",
    `instances[${row}] has one value for ${inputs} inputs; wanted an object with a value for each`,
  );
}

/** The first row says what shape they all have. */
function tensorOf({ name, datatype }: TensorMetadata, values: readonly Json[], bytes: number) {
  const shape = [values.length];
  for (let value = values[0]; Array.isArray(value); value = value[0]) {
    if (shape.length === deepest) throw ragged(name, `are nested more than ${deepest} deep`);
    shape.push(value.length);
  }
  const count = shape.reduce((product, size) => product * size, 1);
  // Memory is made before it is filled: for no more elements than the text has room for.
  if (count > bytes) throw ragged(name, "are not of one shape");
  if (!isDataType(datatype))
    throw new DomainError(
      "unimplemented",
      `input '${name}' takes ${datatype}, which JSON has no form for`,
    );
  return { name, datatype, shape, raw: readElements(datatype, values, count, `input '${name}'`) };
}

function ragged(name: string, what: string): DomainError {
  return new DomainError("invalid-argument", `the instances of input '${name}' ${what}`);
}

export function predictionsReply(response: ModelInferResponse, jsonBytes: number): Reply {
  const room = new TextRoom(jsonBytes);
  const columns = response.outputs.map((output, index) => {
    room.take(output);
    const shape = output.shape.map(Number);
    const raw = response.rawOutputContents[index]!;
    return { name: output.name, rows: writeRows(output.datatype as DataType, shape, raw) };
  });
  const [first, ...others] = columns;
  const count = first?.rows.length ?? 0;
  if (columns.some(({ rows }) => rows.length !== count))
    throw new DomainError(
      "unimplemented",
      "the outputs have no row for each instance; ask for them at /v2/models/{model}/infer",
    );
  const rowOf = (row: number) =>
    others.length === 0
      ? first?.rows[row]
      : `{${columns.map(({ name, rows }) => `${JSON.stringify(name)}:${rows[row]}`).join(",")}}`;
  const predictions = Array.from({ length: count }, (_, row) => rowOf(row));
  return {
    status: 200,
    headers: { "content-type": "application/json" },
    body: [textOf(`{"predictions":[${predictions.join(",")}]}`)],
  };
}
