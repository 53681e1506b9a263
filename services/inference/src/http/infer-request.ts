/**
 * The body of an infer request: a JSON object and, behind it, the bytes of the inputs that are sent as binary data.
 *
 * It becomes the protocol's own message with every input in raw form: binary data as views of the body, JSON data
 * converted. What a model makes of it is checked where all protocols meet. The texts of refusals are Triton's where
 * clients look for them.
 */
import { DomainError } from "@amaas/errors";
import type {
  ModelInferRequest_InferInputTensor as InputTensor,
  ModelInferRequest,
  ModelInferRequest_InferRequestedOutputTensor as RequestedOutput,
} from "@amaas/proto/inference/grpc_service";
import { isDataType } from "@amaas/tensor";
import { arrayOf, objectsOf, required, textOf, unparsed } from "./fields.ts";
import { type JsonDocument, type JsonObject, keepsDigits, parseJson } from "./json.ts";
import { flagOf, parametersOf, sizeOf } from "./json-parameters.ts";
import { readElements } from "./json-tensor.ts";

/** Which outputs are wanted as binary data. */
export interface OutputForms {
  readonly binaryByDefault: boolean;
  readonly binary: ReadonlyMap<string, boolean>;
}

export interface InferBody {
  readonly request: ModelInferRequest;
  readonly forms: OutputForms;
}

export interface InferTarget {
  readonly model: string;
  readonly version: string;
}

/** Beyond that a product of sizes takes long to make. */
const mostDimensions = 64;

/** `headerBytes` is the length of the JSON; the rest of the body is binary data. */
export function readInferBody(
  body: Uint8Array,
  headerBytes: number,
  { model, version }: InferTarget,
): InferBody {
  const document = parseJson(body.subarray(0, headerBytes), "the inference request");
  const { value } = document;
  const binary = new BinaryData(body.subarray(headerBytes), model);
  const inputs: InputTensor[] = [];
  const raw: Uint8Array[] = [];
  for (const [index, input] of objectsOf(value, "inputs").entries()) {
    const read = readInput(input, index, binary, document);
    inputs.push(read.input);
    raw.push(read.raw);
  }
  binary.wantEnd();
  const { binary_data_output: byDefault, ...parameters } = parametersOf(value, "the request");
  const outputs = (value.outputs == null ? [] : objectsOf(value, "outputs")).map(readOutput);
  return {
    request: {
      modelName: model,
      modelVersion: version,
      id: textOf(value, "id") ?? "",
      parameters,
      inputs,
      outputs: outputs.map(({ output }) => output),
      // Without inputs there is nothing raw; a request of shared memory alone says so by its parameters.
      rawInputContents: raw,
    },
    forms: {
      binaryByDefault: flagOf(byDefault, "binary_data_output") ?? false,
      binary: new Map(
        outputs.flatMap(({ output, binary: wanted }) =>
          wanted === undefined ? [] : [[output.name, wanted] as const],
        ),
      ),
    },
  };
}

function readInput(
  value: JsonObject,
  index: number,
  binary: BinaryData,
  document: JsonDocument,
): { input: InputTensor; raw: Uint8Array } {
  const name = required(value, "name");
  const datatype = required(value, "datatype");
  const shape = shapeOf(value);
  const { binary_data_size: size, ...parameters } = parametersOf(value, `input '${name}'`);
  const input = { name, datatype, shape, parameters, contents: undefined };
  const forms = [
    value.data !== undefined && "'data'",
    size !== undefined && "'binary_data_size'",
    parameters.shared_memory_region !== undefined && "'shared_memory_region'",
  ].filter((form) => form !== false);
  if (forms.length !== 1)
    throw new DomainError(
      "invalid-argument",
      `Input must set only one of the following fields: 'data', 'binary_data_size' in 'parameters', 'shared_memory_region' in 'parameters'. But ${forms.length === 0 ? "no field is set" : `set ${forms.join(" ")}`}, for input '${name}'`,
    );
  if (size !== undefined) return { input, raw: binary.take(name, sizeOf(size, name)) };
  // Refused with the other parameters that are not implemented.
  if (value.data === undefined) return { input, raw: new Uint8Array() };
  return { input, raw: elementsOf(value, index, input, document) };
}

function elementsOf(
  value: JsonObject,
  index: number,
  { name, datatype, shape }: InputTensor,
  document: JsonDocument,
): Uint8Array {
  if (!isDataType(datatype))
    throw new DomainError(
      "invalid-argument",
      `invalid datatype '${datatype.slice(0, 40)}' for input '${name}'`,
    );
  const count = shape.reduce((product, size) => product * size, 1n);
  let data = arrayOf(value, "data");
  // Memory is made before it is filled: for no more elements than the text has room for.
  if (count > BigInt(document.bytes))
    throw new DomainError(
      "invalid-argument",
      `Unable to parse 'data': Shape does not match true shape of 'data' field: input '${name}' has a shape of ${count} elements in a request of ${document.bytes} bytes`,
    );
  if ((datatype === "INT64" || datatype === "UINT64") && !keepsDigits(data))
    data = arrayOf(objectsOf(document.exact(), "inputs")[index]!, "data");
  return readElements(datatype, data, Number(count), `input '${name}'`);
}

function readOutput(value: JsonObject): { output: RequestedOutput; binary: boolean | undefined } {
  const name = required(value, "name");
  const { binary_data: wanted, ...parameters } = parametersOf(value, `output '${name}'`);
  return { output: { name, parameters }, binary: flagOf(wanted, "binary_data") };
}

/** What follows the JSON, taken from front to end. */
class BinaryData {
  readonly #bytes: Uint8Array;
  readonly #model: string;
  #at = 0;

  constructor(bytes: Uint8Array, model: string) {
    this.#bytes = bytes;
    this.#model = model;
  }

  take(input: string, size: number): Uint8Array {
    const missing = this.#at + size - this.#bytes.byteLength;
    if (missing > 0)
      throw new DomainError(
        "invalid-argument",
        `unexpected size for input '${input}', expecting ${missing} additional bytes for model '${this.#model}'`,
      );
    this.#at += size;
    return this.#bytes.subarray(this.#at - size, this.#at);
  }

  wantEnd(): void {
    const more = this.#bytes.byteLength - this.#at;
    if (more > 0)
      throw new DomainError(
        "invalid-argument",
        `unexpected additional input data for model '${this.#model}': ${more} bytes that belong to no input`,
      );
  }
}

function shapeOf(value: JsonObject): bigint[] {
  const sizes = arrayOf(value, "shape");
  if (sizes.length > mostDimensions)
    throw unparsed("shape", sizes, `at most ${mostDimensions} dimensions`);
  return sizes.map((size) => {
    if (typeof size === "number" && Number.isSafeInteger(size) && size >= 0) return BigInt(size);
    throw unparsed("shape", size, "whole numbers from 0");
  });
}
