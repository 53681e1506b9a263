/** A single value of a text: what each scalar type takes. */
import type { DescEnum } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import { joined } from "./quoted.ts";
import type { Token, Tokens } from "./tokens.ts";

export type Scalar = string | number | bigint | boolean | Uint8Array;

type Read = (tokens: Tokens) => Scalar;

const readers: { readonly [T in ScalarType]: Read } = {
  [ScalarType.DOUBLE]: (tokens) => readFloat(tokens, Number),
  [ScalarType.FLOAT]: (tokens) => readFloat(tokens, Math.fround),
  [ScalarType.INT32]: whole32(-(2n ** 31n), 2n ** 31n - 1n),
  [ScalarType.SINT32]: whole32(-(2n ** 31n), 2n ** 31n - 1n),
  [ScalarType.SFIXED32]: whole32(-(2n ** 31n), 2n ** 31n - 1n),
  [ScalarType.UINT32]: whole32(0n, 2n ** 32n - 1n),
  [ScalarType.FIXED32]: whole32(0n, 2n ** 32n - 1n),
  [ScalarType.INT64]: whole64(-(2n ** 63n), 2n ** 63n - 1n),
  [ScalarType.SINT64]: whole64(-(2n ** 63n), 2n ** 63n - 1n),
  [ScalarType.SFIXED64]: whole64(-(2n ** 63n), 2n ** 63n - 1n),
  [ScalarType.UINT64]: whole64(0n, 2n ** 64n - 1n),
  [ScalarType.FIXED64]: whole64(0n, 2n ** 64n - 1n),
  [ScalarType.BOOL]: readBoolean,
  [ScalarType.STRING]: readText,
  [ScalarType.BYTES]: readBytes,
};

export function readScalar(type: ScalarType, tokens: Tokens): Scalar {
  return readers[type](tokens);
}

/** By its name or its number. */
export function readEnum(type: DescEnum, tokens: Tokens): number {
  const { next } = tokens;
  const wanted = () => {
    const names = type.values.map(({ name }) => name);
    const some = names.length > 16 ? [...names.slice(0, 16), "…"] : names;
    return `one of ${some.join(", ")}`;
  };
  if (next.kind === "name") {
    const value = type.values.find(({ name }) => name === next.text);
    if (!value) tokens.refuse(next, wanted());
    tokens.take();
    return value.number;
  }
  const number = Number(readInteger(tokens, -(2n ** 31n), 2n ** 31n - 1n, wanted()));
  if (!type.values.some((value) => value.number === number)) tokens.refuse(next, wanted());
  return number;
}

function whole32(min: bigint, max: bigint): Read {
  return (tokens) => Number(readInteger(tokens, min, max, `a whole number from ${min} to ${max}`));
}

function whole64(min: bigint, max: bigint): Read {
  return (tokens) => readInteger(tokens, min, max, `a whole number from ${min} to ${max}`);
}

function readInteger(tokens: Tokens, min: bigint, max: bigint, wanted: string): bigint {
  const negative = tokens.takes("-");
  const token = tokens.next;
  const size = token.kind === "number" ? integerOf(token.text) : undefined;
  const value = size === undefined ? undefined : negative ? -size : size;
  if (value === undefined || value < min || value > max) tokens.refuse(token, wanted);
  tokens.take();
  return value;
}

/** Decimal, 0x… or, behind a leading 0, octal. */
function integerOf(text: string): bigint | undefined {
  if (/^0[xX]/.test(text)) return BigInt(text);
  if (/^0[0-7]+$/.test(text)) return BigInt(`0o${text.slice(1)}`);
  return /^(?:0|[1-9]\d{0,19})$/.test(text) ? BigInt(text) : undefined;
}

function readFloat(tokens: Tokens, round: (value: number) => number): number {
  const negative = tokens.takes("-");
  const value = floatOf(tokens.next);
  if (value === undefined) tokens.refuse(tokens.next, "a number, inf or nan");
  tokens.take();
  return round(negative ? -value : value);
}

function floatOf(token: Token): number | undefined {
  if (token.kind === "number") {
    const { text } = token;
    return Number(/^0[xX]/.test(text) ? text : text.replace(/[fF]$/, ""));
  }
  if (token.kind !== "name") return undefined;
  const word = token.text.toLowerCase();
  if (word === "inf" || word === "infinity") return Number.POSITIVE_INFINITY;
  return word === "nan" ? Number.NaN : undefined;
}

const booleans: Readonly<Record<string, boolean>> = {
  true: true,
  True: true,
  t: true,
  1: true,
  false: false,
  False: false,
  f: false,
  0: false,
};

function readBoolean(tokens: Tokens): boolean {
  const { next } = tokens;
  const value = next.kind === "string" ? undefined : booleans[next.text];
  if (value === undefined) tokens.refuse(next, "true or false");
  tokens.take();
  return value;
}

/** Strings side by side are one. */
function readBytes(tokens: Tokens): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let { next } = tokens; next.kind === "string"; { next } = tokens) {
    parts.push(next.bytes);
    tokens.take();
  }
  if (parts.length === 0) tokens.refuse(tokens.next, "a quoted string");
  return joined(parts);
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function readText(tokens: Tokens): string {
  const { next } = tokens;
  try {
    return decoder.decode(readBytes(tokens));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    tokens.refuse(next, "text in UTF-8");
  }
}
