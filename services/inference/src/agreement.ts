/**
 * Whether two runs of a model say the same, as far as numbers of finite precision can: a sum in another
 * order differs in its last digits, a wrong result does not.
 */
import type { Tensor } from "@amaas/tensor";
import type { Outputs } from "./assemble.ts";

/** Relative to the largest number of a tensor. Half floats have three digits. */
const tolerances: { readonly [T in "FP16" | "FP32" | "FP64"]: number } = {
  FP16: 2e-2,
  FP32: 1e-3,
  FP64: 1e-6,
};

/** What differs, in words; undefined where nothing does. */
export function disagreement(found: Outputs, wanted: Outputs): string | undefined {
  for (const [name, expected] of Object.entries(wanted)) {
    const actual = found[name];
    if (actual === undefined) return `output '${name}' is missing`;
    if (actual.shape.join() !== expected.shape.join())
      return `output '${name}' has the shape [${actual.shape}], not [${expected.shape}]`;
    const at = firstDifference(actual, expected);
    if (at !== undefined)
      return `output '${name}' is ${printed(actual, at)} at place ${at}, not ${printed(expected, at)}`;
  }
  return undefined;
}

function firstDifference(found: Tensor, wanted: Tensor): number | undefined {
  const { type } = wanted;
  const isFloat = type === "FP16" || type === "FP32" || type === "FP64";
  const same = isFloat ? closeTo(wanted, tolerances[type]) : Object.is;
  for (let at = 0; at < wanted.data.length; at++)
    if (!same(element(found, at), element(wanted, at))) return at;
  return undefined;
}

function closeTo(wanted: Tensor, tolerance: number): (a: unknown, b: unknown) => boolean {
  let largest = 0;
  for (let at = 0; at < wanted.data.length; at++) {
    const size = Math.abs(Number(element(wanted, at)));
    if (Number.isFinite(size) && size > largest) largest = size;
  }
  const margin = tolerance * largest + Number.MIN_VALUE;
  return (a, b) => Object.is(a, b) || a === b || Math.abs(Number(a) - Number(b)) <= margin;
}

function element({ type, data }: Tensor, at: number): unknown {
  return type === "FP16" ? halfToNumber(Number(data[at])) : data[at];
}

function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

const printed = (tensor: Tensor, at: number): string => String(element(tensor, at)).slice(0, 40);
