/**
 * What a request's parameters ask for beside its tensors.
 *
 * Those of Triton's extensions mean here what they mean there, and are refused with its words where
 * they are malformed. What is not implemented is refused: serving the request without it would give an
 * answer that the caller did not ask for. Names that no extension defines are the caller's own.
 */
import type { InferParameter, ModelInferRequest } from "@amaas/proto/inference/grpc_service";
import { badParameter, notImplemented } from "./errors.ts";

export interface RequestOptions {
  /** 1 is the highest, larger ones wait longer; 0: the model's default. */
  readonly priority: number;
  /** Microseconds that the request may wait for its run; 0: as long as the model says. */
  readonly timeoutUs: number;
}

type Parameters = ModelInferRequest["parameters"];
type Choice = NonNullable<InferParameter["parameterChoice"]>;
type Found = Choice | undefined;
type Mutable = { -readonly [K in keyof RequestOptions]: RequestOptions[K] };

const defaults: RequestOptions = { priority: 0, timeoutUs: 0 };

/** A number above is of no use to anyone, and 64 bits do not fit a number. */
const most = BigInt(Number.MAX_SAFE_INTEGER);

const independent = "requests are independent of one another";

/** What each known parameter of a request does to the options, or why it is refused. */
const ofRequest: Readonly<Record<string, (options: Mutable, value: Found) => void>> = {
  priority(options, value) {
    if (value?.$case !== "int64Param" && value?.$case !== "uint64Param")
      throw wrongType("priority", "int64_param or uint64_param");
    if (value.value < 0n)
      throw badParameter("priority", "invalid value for 'priority', expected value >= 0.");
    options.priority = numberOf(value.value);
  },
  timeout(options, value) {
    // Triton's clients send it signed, its documentation does not say.
    if (value?.$case !== "int64Param" && value?.$case !== "uint64Param")
      throw wrongType("timeout", "int64_param");
    if (value.value < 0n)
      throw badParameter("timeout", "invalid value for 'timeout', expected value >= 0.");
    options.timeoutUs = numberOf(value.value);
  },
  sequence_id(_, value) {
    // Triton's clients send 0 or an empty text for no sequence.
    if (value?.$case === "stringParam" && value.value === "") return;
    if ((value?.$case === "int64Param" || value?.$case === "uint64Param") && value.value === 0n)
      return;
    throw notImplemented("parameters", "sequence_id", independent);
  },
  sequence_start: (_, value) => refuseIfTrue("sequence_start", value),
  sequence_end: (_, value) => refuseIfTrue("sequence_end", value),
  triton_enable_empty_final_response(_, value) {
    // For models of many responses; those of one have no empty one.
    if (value?.$case !== "boolParam")
      throw wrongType("triton_enable_empty_final_response", "bool_param");
  },
};

const reserved = Object.keys(ofRequest).filter((name) => name.startsWith("triton_"));

export function requestOptions({ parameters }: Pick<ModelInferRequest, "parameters">) {
  let options: Mutable | undefined;
  for (const name in parameters) {
    const read = Object.hasOwn(ofRequest, name) ? ofRequest[name] : undefined;
    if (read !== undefined) {
      options ??= { ...defaults };
      read(options, parameters[name]?.parameterChoice);
    } else if (name.startsWith("triton_")) {
      throw badParameter(
        "parameters",
        `parameter keys starting with 'triton_' are reserved for Triton usage. Only the following keys starting with 'triton_' are allowed: ${reserved.join(" ")}`,
      );
    }
  }
  return (options ?? defaults) as RequestOptions;
}

/** Memory that client and server share cannot be meant here. */
const sharedMemory: readonly string[] = [
  "shared_memory_region",
  "shared_memory_offset",
  "shared_memory_byte_size",
];

/** Refuses what the parameters of the tensors ask for and is not here. */
export function refuseSharedMemory({ inputs, outputs }: ModelInferRequest): void {
  for (let index = 0; index < inputs.length; index++)
    refuse(`inputs[${index}].parameters`, inputs[index]!.parameters);
  for (let index = 0; index < outputs.length; index++)
    refuse(`outputs[${index}].parameters`, outputs[index]!.parameters);
}

function refuse(field: string, parameters: Parameters): void {
  for (const name in parameters)
    if (sharedMemory.includes(name))
      throw notImplemented(field, name, "send the bytes in raw_input_contents");
}

/** How many of the largest values an output is asked for as classes; 0: the output itself. */
export function classesOf(field: string, parameters: Parameters): number {
  if (!Object.hasOwn(parameters, "classification")) return 0;
  const choice = parameters.classification?.parameterChoice;
  if (choice?.$case !== "int64Param" && choice?.$case !== "uint64Param")
    throw wrongType("classification", "int64_param", field);
  if (choice.value <= 0n)
    throw badParameter(field, "invalid value for 'classification' parameter, expected >= 0");
  return numberOf(choice.value);
}

function numberOf(value: bigint): number {
  return Number(value > most ? most : value);
}

function refuseIfTrue(name: string, value: Found): void {
  if (value?.$case !== "boolParam") throw wrongType(name, "bool_param");
  if (value.value) throw notImplemented("parameters", name, independent);
}

function wrongType(name: string, wanted: string, field = "parameters") {
  return badParameter(field, `invalid value type for '${name}' parameter, expected ${wanted}.`);
}
