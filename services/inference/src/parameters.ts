/**
 * Request parameters that ask for what is not here. Serving the request without them would give an
 * answer that the caller did not ask for, so they are refused; parameters that no extension
 * defines are the caller's own and are let pass.
 */
import type { ModelInferRequest } from "@amaas/proto/inference/grpc_service";
import { notImplemented } from "./errors.ts";

const ofRequest: Readonly<Record<string, string>> = {
  sequence_id: "requests are independent of one another",
  sequence_start: "requests are independent of one another",
  sequence_end: "requests are independent of one another",
  priority: "requests are served in the order in which they came",
  timeout: "use the deadline of the call",
};

const sharedMemory = "send the bytes in raw_input_contents";

const ofInput: Readonly<Record<string, string>> = {
  shared_memory_region: sharedMemory,
  shared_memory_offset: sharedMemory,
  shared_memory_byte_size: sharedMemory,
};

const ofOutput: Readonly<Record<string, string>> = {
  ...ofInput,
  classification: "pick the largest probabilities from the output",
};

export function refuseExtensions({ parameters, inputs, outputs }: ModelInferRequest): void {
  refuse("parameters", parameters, ofRequest);
  for (const [index, input] of inputs.entries())
    refuse(`inputs[${index}].parameters`, input.parameters, ofInput);
  for (const [index, output] of outputs.entries())
    refuse(`outputs[${index}].parameters`, output.parameters, ofOutput);
}

function refuse(
  field: string,
  parameters: ModelInferRequest["parameters"],
  known: Readonly<Record<string, string>>,
): void {
  for (const name in parameters) {
    if (Object.hasOwn(known, name)) throw notImplemented(field, name, known[name] ?? "");
  }
}
