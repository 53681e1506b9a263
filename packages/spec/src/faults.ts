/**
 * Turns what the validator found into one violation for each faulty field.
 *
 * A violation says what was found and what was wanted, in words taken from the schema, so that
 * nobody has to know JSON Schema to mend a spec.
 */
import type { Violation } from "@amaas/errors";
import type { ErrorObject } from "ajv";
import { childField } from "./document.ts";
import { nearest } from "./nearest.ts";
import { oneOf, propertyOf, recordOf, resolve, type Schema, wanted } from "./wanted.ts";

/** The first fault of each field. */
export function faultsOf(errors: readonly ErrorObject[]): Violation[] {
  const faults = new Map<string, Violation>();
  for (const error of errors) {
    const fault = faultOf(error);
    if (fault && !faults.has(fault.field)) faults.set(fault.field, fault);
  }
  return [...faults.values()];
}

function faultOf(error: ErrorObject): Violation | undefined {
  const field = fieldOf(error.instancePath);
  const schema = recordOf(error.parentSchema);
  const { params } = error;
  switch (error.keyword) {
    case "required": {
      const key = String(params.missingProperty);
      return missing(childField(field, key), propertyOf(schema, key));
    }
    case "additionalProperties":
      return unknownField(field, String(params.additionalProperty), schema);
    case "discriminator":
      return wrongTag(field, String(params.tag), params.tagValue, schema);
    // Says that a key is faulty; the fault itself is reported beside it.
    case "propertyNames":
      return undefined;
    default:
      return {
        field: error.propertyName === undefined ? field : childField(field, error.propertyName),
        description: `found ${show(error.data)}, wanted ${wanted(schema)}`,
      };
  }
}

function missing(field: string, schema: Schema): Violation {
  return { field, description: `is missing, wanted ${wanted(schema)}` };
}

function unknownField(parent: string, key: string, schema: Schema): Violation {
  const known = Object.keys(recordOf(schema.properties));
  const near = nearest(key, known);
  const advice = near === undefined ? `wanted one of ${known.join(", ")}` : `did you mean ${near}?`;
  return { field: childField(parent, key), description: `is not a known field; ${advice}` };
}

function wrongTag(parent: string, tag: string, value: unknown, schema: Schema): Violation {
  const field = childField(parent, tag);
  const branches = Array.isArray(schema.oneOf) ? schema.oneOf : [];
  const values = branches.flatMap((branch) => tagValues(recordOf(branch), tag));
  const found = value === undefined ? "is missing" : `found ${show(value)}`;
  return { field, description: `${found}, wanted ${oneOf(values)}` };
}

function tagValues(branch: Schema, tag: string): readonly unknown[] {
  const schema = propertyOf(resolve(branch), tag);
  return Array.isArray(schema.enum) ? schema.enum : [schema.const];
}

/** A value in a few characters. */
function show(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length} items`;
  if (typeof value === "object" && value !== null) return "an object";
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/** "/training/optimizer/type" -> "training.optimizer.type"; indices in brackets. */
function fieldOf(pointer: string): string {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce(
      (field, part) => (/^\d+$/.test(part) ? `${field}[${part}]` : childField(field, part)),
      "",
    );
}
