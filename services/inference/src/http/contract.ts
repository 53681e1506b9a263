/**
 * The contract's messages as JSON, by their own descriptors: names as in the .proto files, all fields that have a value
 * or a default, enums by name, 64-bit integers as numbers with all their digits, as Triton writes them.
 *
 * Also the schemas of that JSON, in the words of JSON Schema, for OpenAPI.
 */
import {
  type DescField,
  type DescMessage,
  fromBinary,
  ScalarType,
  toJson,
} from "@bufbuild/protobuf";
import { messageOf } from "../descriptors.ts";
import { wholeNumber } from "./whole-number.ts";

/** An encoded message as the value that `JSON.stringify` writes. */
export function messageJson(name: string, bytes: Uint8Array): Record<string, unknown> {
  const message = messageOf(name);
  const json = toJson(message, fromBinary(message, bytes), {
    useProtoFieldName: true,
    alwaysEmitImplicit: true,
  });
  return wholeNumbers(message, json);
}

/** Proto's own JSON writes 64-bit integers as strings. */
function wholeNumbers(message: DescMessage, json: unknown): Record<string, unknown> {
  const fields = new Map(message.fields.map((field) => [field.name, field]));
  return Object.fromEntries(
    Object.entries(json as Record<string, unknown>).map(([name, value]) => {
      const field = fields.get(name);
      return [name, field ? fieldNumbers(field, value) : value];
    }),
  );
}

function fieldNumbers(field: DescField, value: unknown): unknown {
  const one = (item: unknown): unknown => {
    if (field.message) return wholeNumbers(field.message, item);
    return isLong(field.scalar) ? wholeNumber(String(item)) : item;
  };
  if (field.fieldKind === "list") return (value as unknown[]).map(one);
  if (field.fieldKind !== "map") return one(value);
  return Object.fromEntries(
    Object.entries(value as Record<string, unknown>).map(([key, item]) => [key, one(item)]),
  );
}

const longs = new Set([
  ScalarType.INT64,
  ScalarType.UINT64,
  ScalarType.SINT64,
  ScalarType.FIXED64,
  ScalarType.SFIXED64,
]);

function isLong(scalar: ScalarType | undefined): boolean {
  return scalar !== undefined && longs.has(scalar);
}

export type Schema = Readonly<Record<string, unknown>>;

/** The schema of a message; it and those that it is made of go into `definitions`. */
export function messageSchema(name: string, definitions: Map<string, Schema>): Schema {
  return schemaOf(messageOf(name), definitions);
}

function schemaOf(message: DescMessage, definitions: Map<string, Schema>): Schema {
  const name = message.typeName.replace(/^inference\./, "");
  if (!definitions.has(name)) {
    // Before its fields are looked at, which may be of its own type.
    definitions.set(name, {});
    const properties = message.fields.map((field) => [field.name, fieldSchema(field, definitions)]);
    definitions.set(name, { type: "object", properties: Object.fromEntries(properties) });
  }
  return { $ref: `#/components/schemas/${name}` };
}

function fieldSchema(field: DescField, definitions: Map<string, Schema>): Schema {
  const one = valueSchema(field, definitions);
  if (field.fieldKind === "list") return { type: "array", items: one };
  return field.fieldKind === "map" ? { type: "object", additionalProperties: one } : one;
}

function valueSchema(field: DescField, definitions: Map<string, Schema>): Schema {
  if (field.message) return schemaOf(field.message, definitions);
  if (field.enum) return { type: "string", enum: field.enum.values.map(({ name }) => name) };
  switch (field.scalar) {
    case ScalarType.BOOL:
      return { type: "boolean" };
    case ScalarType.STRING:
      return { type: "string" };
    case ScalarType.BYTES:
      return { type: "string", contentEncoding: "base64" };
    case ScalarType.FLOAT:
    case ScalarType.DOUBLE:
      return { type: "number" };
    default:
      return { type: "integer" };
  }
}
