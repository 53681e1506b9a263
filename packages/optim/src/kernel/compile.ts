/**
 * Formulas over vectors of float32, compiled to WebAssembly that takes them two elements at a time.
 *
 * An element of every vector is widened to a double, the formulas are computed in the order in which they are
 * written, and the vectors that were given new values are rounded and stored. Sums, products, quotients, roots and
 * rounding are those of IEEE 754 in WebAssembly as in JavaScript: the bits are the same. (Which NaN comes out of
 * NaNs is left open by both.)
 */
import { Code } from "./code.ts";
import { type Assignment, type Expression, parseFormula } from "./formula.ts";
import { wasmModule } from "./wasm.ts";

export interface Compiled {
  /**
   * Exports `run(count, …addresses, …numbers)`: how many elements, where each vector begins, in bytes, and the
   * numbers.
   */
  readonly module: WebAssembly.Module;
  /** Of the vectors, those that the formulas speak of. */
  readonly vectors: readonly string[];
  /** Names that are neither vectors nor given a value: numbers, the same for all elements. */
  readonly numbers: readonly string[];
  /** Which of the vectors are written. */
  readonly written: readonly boolean[];
}

/** @throws Error where a line is no formula. */
export function compile(lines: readonly string[], among: readonly string[]): Compiled {
  const assignments = lines.map(parseFormula);
  const used = new Set(assignments.flatMap(({ name, value }) => [name, ...namesIn(value)]));
  const assigned = new Set(assignments.map(({ name }) => name));
  const vectors = among.filter((name) => used.has(name));
  const numbers = freeNames(assignments, vectors);
  const written = vectors.map((name) => assigned.has(name));
  const code = new Code(vectors, numbers, assignments, written).whole();
  return { module: new WebAssembly.Module(wasmModule(code)), vectors, numbers, written };
}

/** Names used before a line has given them a value, vectors apart. */
function freeNames(assignments: readonly Assignment[], vectors: readonly string[]): string[] {
  const known = new Set(vectors);
  const free = new Set<string>();
  for (const { name, value } of assignments) {
    for (const used of namesIn(value)) if (!known.has(used)) free.add(used);
    if (free.has(name)) throw new Error(`${name} is a number from outside, and given a value`);
    known.add(name);
  }
  return [...free];
}

function namesIn(expression: Expression): string[] {
  if (expression.kind === "name") return [expression.name];
  return expression.kind === "operation" ? expression.of.flatMap(namesIn) : [];
}
