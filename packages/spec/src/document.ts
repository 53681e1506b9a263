/**
 * A bounded, private copy of a document from outside.
 *
 * YAML aliases can make a small file a huge or endless document, and a caller may hand over
 * anything at all. What comes out is a tree of plain JSON values of limited size and depth that
 * nobody else holds.
 */
import { DomainError } from "@amaas/errors";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const maxDepth = 12;
const maxValues = 20_000;
const maxText = 8_192;

/** @throws DomainError invalid-argument where the document is no JSON, or too large. */
export function copyDocument(document: unknown): Json {
  let values = 0;

  function copy(value: unknown, field: string, depth: number): Json {
    values++;
    if (values > maxValues) refuse(field, `more than ${maxValues} values, wanted fewer`);
    if (depth > maxDepth) refuse(field, `nesting deeper than ${maxDepth}, wanted less`);
    if (value === null || typeof value === "boolean") return value;
    if (typeof value === "string") return text(value, field);
    if (typeof value === "number") return number(value, field);
    if (Array.isArray(value))
      return value.map((item, index) => copy(item, `${field}[${index}]`, depth + 1));
    if (isRecord(value))
      return Object.fromEntries(
        Object.keys(value).map((key) => [
          text(key, field),
          copy(value[key], childField(field, key), depth + 1),
        ]),
      );
    return refuse(field, `${typeName(value)}, wanted a value that JSON has`);
  }

  return copy(document, "", 0);
}

export function isObject(value: Json): value is { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Path of `key` in `field`: `a.b`, or `a["b c"]` where the key is no plain name. */
export function childField(field: string, key: string): string {
  const shown = key.length > 64 ? `${key.slice(0, 64)}…` : key;
  if (!/^[A-Za-z_$][\w$-]*$/.test(shown)) return `${field}[${JSON.stringify(shown)}]`;
  return field === "" ? shown : `${field}.${shown}`;
}

function text(value: string, field: string): string {
  if (value.length > maxText)
    refuse(field, `a text of ${value.length} characters, wanted at most ${maxText}`);
  return value;
}

function number(value: number, field: string): number {
  if (!Number.isFinite(value)) refuse(field, `${value}, wanted a finite number`);
  return value;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function typeName(value: unknown): string {
  return typeof value === "object" ? (value?.constructor.name ?? "an object") : typeof value;
}

function refuse(field: string, found: string): never {
  const where = field === "" ? "the document" : field;
  throw new DomainError(
    "invalid-argument",
    `the job spec cannot be read: ${where}: found ${found}`,
    {
      violations: [{ field, description: `found ${found}` }],
    },
  );
}
