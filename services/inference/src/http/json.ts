/**
 * JSON as clients of this protocol write it. RFC 8259, and beyond it what Python's and Triton's writers make of numbers
 * that are not finite: NaN, Infinity, -Infinity. Whole numbers that a double does not hold exactly stay whole.
 */
import { DomainError } from "@amaas/errors";
import { checkModest } from "./json-scan.ts";

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json | undefined;
}

export interface JsonDocument {
  /** The length of its text. */
  readonly bytes: number;
  readonly value: JsonObject;
  /**
   * The same with whole numbers of 16 digits and more as strings of them; made when it is asked for, since it takes a
   * second pass over the text.
   */
  exact(): JsonObject;
}

/** A second pass costs some ten times as much as the first, and holds up everybody as long. */
const mostInexact = 2 ** 20;

const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * Strings are matched so that what is in them is left alone; one without an end too, or every quote in it would be tried as
 * the beginning of another.
 */
const inexact =
  /"[^"\\]*(?:\\[\s\S]?[^"\\]*)*"?|(?<![\w.+-])-?(?:\d{16,}(?![\d.eE])|(?:NaN|Infinity|Inf)(?!\w))/g;

/** `what` names the text in an error, such as "the request". */
export function parseJson(bytes: Uint8Array, what: string): JsonDocument {
  checkModest(bytes, what);
  const text = decode(bytes, what);
  let exact: JsonObject | undefined;
  const again = () => {
    if (bytes.byteLength > mostInexact) throw tooLong(bytes.byteLength, what);
    exact ??= object(parse(text.replace(inexact, quoted), what), what);
    return exact;
  };
  return { bytes: bytes.byteLength, value: first(), exact: again };

  function first(): JsonObject {
    try {
      return object(parse(text, what), what);
    } catch (error) {
      if (hasNonFinite(text)) return again();
      throw error;
    }
  }
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What a value is, for an error. */
export function kindOf(value: Json | undefined): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  return Array.isArray(value)
    ? "an array"
    : `a${typeof value === "object" ? "n object" : ` ${typeof value}`}`;
}

/** Whether no whole number in it has lost digits; what is nested too deeply is for others to refuse. */
export function keepsDigits(value: Json | undefined, depth = 0): boolean {
  if (typeof value === "number") return Number.isSafeInteger(value) || value % 1 !== 0;
  if (typeof value !== "object" || value === null || depth > 64) return true;
  return Object.values(value).every((item) => keepsDigits(item, depth + 1));
}

function tooLong(bytes: number, what: string): DomainError {
  return new DomainError(
    "invalid-argument",
    `${what} has ${bytes} bytes of JSON with numbers of 16 digits and more, or such that are not finite, which is read up to ${mostInexact} bytes; send tensors as binary data`,
  );
}

/** A bare word: `N` or `I` right after what may stand before a value. */
function hasNonFinite(text: string): boolean {
  return /[[,:\s-](?:NaN|Inf)/.test(text);
}

function quoted(found: string): string {
  return found.startsWith('"') ? found : `"${found}"`;
}

function decode(bytes: Uint8Array, what: string): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new DomainError("invalid-argument", `${what} is no UTF-8 text`, { cause });
  }
}

function parse(text: string, what: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : "";
    throw new DomainError("invalid-argument", `failed to parse ${what} as JSON: ${reason}`, {
      cause,
    });
  }
}

function object(value: Json, what: string): JsonObject {
  if (isObject(value)) return value;
  throw new DomainError("invalid-argument", `${what} is ${kindOf(value)}; wanted a JSON object`);
}
