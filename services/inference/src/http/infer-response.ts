/**
 * The answer to an infer request: a JSON object and, behind it, the bytes of the outputs that go as binary data, as views
 * of the memory that the model wrote them to.
 */
import { DomainError } from "@amaas/errors";
import type {
  InferParameter,
  ModelInferResponse,
  ModelInferResponse_InferOutputTensor as OutputTensor,
} from "@amaas/proto/inference/grpc_service";
import type { DataType } from "@amaas/tensor";
import { headerLength } from "./header-length.ts";
import type { OutputForms } from "./infer-request.ts";
import { writeElements } from "./json-tensor.ts";
import { type Reply, textOf } from "./reply.ts";
import { wholeNumber } from "./whole-number.ts";

/** Text is made on the event loop, so that of large outputs would hold up everybody. */
export class TextRoom {
  #elements: number;

  constructor(jsonBytes: number) {
    this.#elements = jsonBytes / 8;
  }

  take({ name, shape }: OutputTensor): void {
    this.#elements -= shape.reduce((product, size) => product * Number(size), 1);
    if (this.#elements < 0) throw tooMuchText(name);
  }
}

/** `jsonBytes` is the largest JSON that is read; outputs that would make a larger one go as binary data or not at all. */
export function inferReply(
  response: ModelInferResponse,
  forms: OutputForms,
  jsonBytes: number,
): Reply {
  const binary: Uint8Array[] = [];
  const room = new TextRoom(jsonBytes);
  const outputs = response.outputs.map((output, index) => {
    const raw = response.rawOutputContents[index]!;
    if (forms.binary.get(output.name) ?? forms.binaryByDefault) {
      if (raw.byteLength > 0) binary.push(raw);
      return jsonOf(output, { binary_data_size: raw.byteLength });
    }
    room.take(output);
    const shape = output.shape.map(Number);
    const data = writeElements(output.datatype as DataType, shape, raw);
    return `${jsonOf(output).slice(0, -1)},"data":${data}}`;
  });
  const { modelName, modelVersion, id } = response;
  const parameters = plain(response.parameters);
  const head = JSON.stringify({
    model_name: modelName,
    model_version: modelVersion,
    ...(id === "" ? {} : { id }),
    ...(Object.keys(parameters).length === 0 ? {} : { parameters }),
  });
  const json = textOf(`${head.slice(0, -1)},"outputs":[${outputs.join(",")}]}`);
  return {
    status: 200,
    headers:
      binary.length === 0
        ? { "content-type": "application/json" }
        : { "content-type": "application/octet-stream", [headerLength]: String(json.byteLength) },
    body: [json, ...binary],
  };
}

function jsonOf(output: OutputTensor, more: Readonly<Record<string, unknown>> = {}): string {
  const parameters = { ...plain(output.parameters), ...more };
  return JSON.stringify({
    name: output.name,
    datatype: output.datatype,
    shape: output.shape.map(Number),
    ...(Object.keys(parameters).length === 0 ? {} : { parameters }),
  });
}

function plain(parameters: Readonly<Record<string, InferParameter>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, { parameterChoice: choice }]) => [
      name,
      typeof choice?.value === "bigint" ? wholeNumber(choice.value) : choice?.value,
    ]),
  );
}

function tooMuchText(output: string): DomainError {
  return new DomainError(
    "invalid-argument",
    `output '${output}' is too large for JSON; ask for it as binary data, with the parameter binary_data of the output or binary_data_output of the request`,
  );
}
