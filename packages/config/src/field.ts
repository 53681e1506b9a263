/**
 * A field is one environment variable: how its text becomes a value, what it is when it is not
 * set, and what it is for. A faulty text is told by what was found and what was wanted.
 */

export type Parsed<T> = { readonly value: T } | { readonly fault: string };

export interface Field<out T> {
  readonly name: string;
  /** What the variable decides, for the person who sets it. */
  readonly describe: string;
  /** `text` is undefined where the variable is not set. */
  parse(text: string | undefined): Parsed<T>;
}

interface Common<T> {
  readonly default?: T | undefined;
  readonly describe: string;
}

export function text(
  name: string,
  options: Common<string> & { readonly choices?: readonly string[] },
): Field<string> {
  const { choices } = options;
  return field(name, options, (found) => {
    if (choices === undefined || choices.includes(found)) return { value: found };
    return { fault: wanted(found, `one of ${choices.join(", ")}`) };
  });
}

export function integer(
  name: string,
  options: Common<number> & { readonly min?: number; readonly max?: number },
): Field<number> {
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = options;
  return field(name, options, (found) => {
    const value = /^[+-]?\d{1,16}$/.test(found) ? Number(found) : Number.NaN;
    if (value >= min && value <= max) return { value };
    return { fault: wanted(found, `a whole number${rangeText(options.min, options.max)}`) };
  });
}

export function flag(name: string, options: Common<boolean>): Field<boolean> {
  const values: Readonly<Record<string, boolean>> = { true: true, 1: true, false: false, 0: false };
  return field(name, options, (found) => {
    const value = values[found.toLowerCase()];
    return value === undefined ? { fault: wanted(found, "true or false") } : { value };
  });
}

/** A URL of one of `protocols`, written like "file:"; the value is the text as it was given. */
export function url(
  name: string,
  options: Common<string> & { readonly protocols: readonly string[] },
): Field<string> {
  return field(name, options, (found) => {
    const protocol = /^[a-z][a-z0-9+.-]*:/.exec(found)?.[0];
    if (protocol !== undefined && options.protocols.includes(protocol) && found !== protocol)
      return { value: found };
    // The text may hold a password, so only its beginning is told.
    const shown = protocol ?? "no protocol";
    return {
      fault: `found ${shown}, wanted a URL that begins with ${options.protocols.join(" or ")}`,
    };
  });
}

/** The same field, undefined where the variable is not set. */
export function optional<T>(of: Field<T>): Field<T | undefined> {
  return {
    ...of,
    parse: (found) => (found === undefined ? { value: undefined } : of.parse(found)),
  };
}

function field<T extends string | number | boolean>(
  name: string,
  { default: fallback, describe }: Common<T>,
  parse: (found: string) => Parsed<T>,
): Field<T> {
  return {
    name,
    describe,
    parse(found) {
      if (found !== undefined) return parse(found);
      return fallback === undefined ? { fault: "is not set" } : { value: fallback };
    },
  };
}

function wanted(found: string, what: string): string {
  const shown = found.length > 80 ? `${found.slice(0, 80)}…` : found;
  return `found ${JSON.stringify(shown)}, wanted ${what}`;
}

function rangeText(min: number | undefined, max: number | undefined): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return ` of at least ${min}`;
  return max === undefined ? "" : ` of at most ${max}`;
}
