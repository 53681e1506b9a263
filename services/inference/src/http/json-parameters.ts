/** Parameters of requests, inputs and outputs, from JSON to the protocol's typed values. */
import { DomainError } from "@amaas/errors";
import type { InferParameter } from "@amaas/proto/inference/grpc_service";
import { unparsed } from "./fields.ts";
import { isObject, type Json, type JsonObject, kindOf } from "./json.ts";

export type Parameters = Record<string, InferParameter>;

/** Defined as properties, so that no name of a caller's reaches a prototype. */
export function parametersOf(value: JsonObject, what: string): Parameters {
  const found = value.parameters;
  if (found === undefined || found === null) return {};
  if (!isObject(found)) throw unparsed("parameters", found, "an object");
  return Object.fromEntries(
    Object.entries(found).map(([name, parameter]) => [name, parameterOf(name, parameter, what)]),
  );
}

function parameterOf(name: string, value: Json | undefined, what: string): InferParameter {
  const parameterChoice = ((): InferParameter["parameterChoice"] => {
    if (typeof value === "boolean") return { $case: "boolParam", value };
    if (typeof value === "string") return { $case: "stringParam", value };
    if (typeof value !== "number") return undefined;
    return Number.isSafeInteger(value)
      ? { $case: "int64Param", value: BigInt(value) }
      : { $case: "doubleParam", value };
  })();
  if (parameterChoice) return { parameterChoice };
  throw new DomainError(
    "invalid-argument",
    `parameter '${name.slice(0, 80)}' of ${what} is ${kindOf(value)}; wanted a number, a boolean or a string`,
  );
}

export function flagOf(parameter: InferParameter | undefined, name: string): boolean | undefined {
  const choice = parameter?.parameterChoice;
  if (choice === undefined) return undefined;
  if (choice.$case === "boolParam") return choice.value;
  throw unparsed(name, String(choice.value), "a boolean");
}

export function sizeOf({ parameterChoice: choice }: InferParameter, name: string): number {
  if (choice?.$case === "int64Param" && choice.value >= 0n) return Number(choice.value);
  throw unparsed(`binary_data_size' of input '${name}`, String(choice?.value), "a number of bytes");
}
