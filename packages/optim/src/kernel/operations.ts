/** What each operation of a formula is in instructions on two doubles. */
import type { Operation } from "./formula.ts";
import { simd } from "./wasm.ts";

/** From the code of its operands, in their order; `literal` is the code of a number. */
type Generator = (
  of: readonly (readonly number[])[],
  literal: (value: number) => number[],
) => number[];

const plain =
  (...instructions: readonly (readonly number[])[]): Generator =>
  (of) => [...of.flat(), ...instructions.flat()];

const big = 2 ** 600;

export const operations: { readonly [Name in Operation]: Generator } = {
  "+": plain(simd.add),
  "-": plain(simd.subtract),
  "*": plain(simd.multiply),
  "/": plain(simd.divide),
  negate: plain(simd.negate),
  abs: plain(simd.abs),
  sqrt: plain(simd.sqrt),
  fround: plain(simd.demote, simd.promote),

  // Between -1 and 1, where big^2 times even the smallest double is beyond; 0 and NaN stay what they are.
  sign(of, literal) {
    const [times, one, less] = [literal(big), literal(1), literal(-1)];
    const large = [...times, ...simd.multiply, ...times, ...simd.multiply];
    return [...of.flat(), ...large, ...one, ...simd.pseudoMin, ...less, ...simd.pseudoMax];
  },

  // Where it chooses between what it compares, there is one instruction for it.
  "<"(of) {
    const [a = [], b = [], x = [], y = []] = of;
    const same = (p: readonly number[], q: readonly number[]) => String(p) === String(q);
    if (same(a, x) && same(b, y)) return [...b, ...a, ...simd.pseudoMin];
    if (same(a, y) && same(b, x)) return [...a, ...b, ...simd.pseudoMax];
    return choose(simd.less, of);
  },
  "<=": (of) => choose(simd.lessOrEqual, of),
};

function choose(comparison: readonly number[], of: Parameters<Generator>[0]): number[] {
  const [a = [], b = [], x = [], y = []] = of;
  return [...x, ...y, ...a, ...b, ...comparison, ...simd.bitselect];
}
