/** What a loose value, a cell of CSV or a field of JSON, means to the type that a model wants. */

const missing = /^\s*(na|n\/a|<na>|#n\/a|nan|null)?\s*$/i;
const decimal = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** A missing number is NaN. */
export function floatIn(value: unknown): number | undefined {
  if (value === null || value === undefined) return Number.NaN;
  if (typeof value === "string" && missing.test(value)) return Number.NaN;
  return numberIn(value);
}

export function wholeIn(value: unknown, least: bigint, most: bigint): bigint | undefined {
  const number = typeof value === "bigint" ? value : numberIn(value);
  if (number === undefined || (typeof number === "number" && !Number.isInteger(number)))
    return undefined;
  const whole = BigInt(number);
  return whole >= least && whole <= most ? whole : undefined;
}

/** A missing text is empty; the ways to write that it is missing are the model's own business. */
export function textIn(value: unknown): string | undefined {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
}

/** As the byte of a BOOL tensor. */
export function flagIn(value: unknown): number | undefined {
  if (value === true || value === 1 || value === "true") return 1;
  return value === false || value === 0 || value === "false" ? 0 : undefined;
}

function numberIn(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "string" || !decimal.test(value.trim())) return undefined;
  return Number(value);
}
