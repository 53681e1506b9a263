/**
 * What a part of the schema wants, in words for the person who writes the spec.
 */
import jobSchema from "../job.schema.json" with { type: "json" };

export type Schema = Readonly<Record<string, unknown>>;

export function recordOf(value: unknown): Schema {
  return typeof value === "object" && value !== null ? (value as Schema) : {};
}

/** The schema that a `$ref` names, with what stands beside it. */
export function resolve(schema: Schema): Schema {
  if (typeof schema.$ref !== "string") return schema;
  const name = schema.$ref.replace("#/$defs/", "");
  return { ...recordOf(recordOf(jobSchema.$defs)[name]), ...schema };
}

export function propertyOf(schema: Schema, key: string): Schema {
  return resolve(recordOf(recordOf(schema.properties)[key]));
}

/** What a schema wants, in words. */
export function wanted(unresolved: Schema): string {
  const schema = resolve(unresolved);
  if (typeof schema.wanted === "string") return schema.wanted;
  if (Array.isArray(schema.enum)) return oneOf(schema.enum);
  if (schema.const !== undefined) return String(schema.const);
  if (schema.type === "integer" || schema.type === "number") return wantedNumber(schema);
  if (schema.type === "array") return `a list${count(schema.minItems, schema.maxItems, "items")}`;
  if (schema.type === "object")
    return `an object${count(undefined, schema.maxProperties, "fields")}`;
  if (schema.type === "boolean") return "true or false";
  return `a text${count(schema.minLength, schema.maxLength, "characters")}`;
}

function wantedNumber(schema: Schema): string {
  const limits = [
    bound("at least", schema.minimum),
    bound("more than", schema.exclusiveMinimum),
    bound("at most", schema.maximum),
    bound("less than", schema.exclusiveMaximum),
  ].filter((limit) => limit !== undefined);
  const kind = schema.type === "integer" ? "a whole number" : "a number";
  return limits.length === 0 ? kind : `${kind}, ${limits.join(" and ")}`;
}

function bound(words: string, limit: unknown): string | undefined {
  return typeof limit === "number" ? `${words} ${limit}` : undefined;
}

function count(least: unknown, most: unknown, things: string): string {
  if (typeof least === "number" && typeof most === "number")
    return ` of ${least} to ${most} ${things}`;
  return typeof most === "number" ? ` of at most ${most} ${things}` : "";
}

export function oneOf(values: readonly unknown[]): string {
  return `${values.length > 1 ? "one of " : ""}${values.map(String).join(", ")}`;
}
