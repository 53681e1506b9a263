/** Fields of JSON objects, of the kind that is wanted or refused with what was found. */
import { DomainError } from "@amaas/errors";
import { isObject, type Json, type JsonObject, kindOf } from "./json.ts";

export function required(value: JsonObject, field: string): string {
  const found = textOf(value, field);
  if (found === undefined) throw unparsed(field, undefined, "a string");
  return found;
}

export function textOf(value: JsonObject, field: string): string | undefined {
  const found = value[field];
  if (found === undefined || typeof found === "string") return found;
  throw unparsed(field, found, "a string");
}

export function arrayOf(value: JsonObject, field: string): readonly Json[] {
  const found = value[field];
  if (Array.isArray(found)) return found;
  throw unparsed(field, found, "an array");
}

export function objectsOf(value: JsonObject, field: string): readonly JsonObject[] {
  return arrayOf(value, field).map((item) => {
    if (isObject(item)) return item;
    throw unparsed(field, item, "objects");
  });
}

export function unparsed(field: string, found: Json | undefined, wanted: string): DomainError {
  return new DomainError(
    "invalid-argument",
    `Unable to parse '${field}': found ${kindOf(found)}, wanted ${wanted}`,
  );
}
