/**
 * Formulas over vectors of float32, compiled to WebAssembly that takes them two elements at a time.
 *
 * An element of every vector is widened to a double, the formulas are computed in the order in which they are
 * written, and the vectors that were given new values are rounded and stored. Sums, products, quotients, roots and
 * rounding are those of IEEE 754 in WebAssembly as in JavaScript: the bits are the same. (Which NaN comes out of
 * NaNs is left open by both.)
 */
import { type Assignment, type Expression, parseFormula } from "./formula.ts";
import { operations } from "./operations.ts";
import {
  constant,
  f64,
  get,
  i32,
  op,
  set,
  simd,
  splat,
  tee,
  v128,
  type WasmFunction,
  wasmModule,
} from "./wasm.ts";

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

interface Access {
  readonly load: readonly number[];
  readonly store: readonly number[];
}

/** Memory is never wanted at another alignment than an element's; the store is of the first lane. */
const alignment = [2, 0];
const pair: Access = {
  load: [...simd.load64Zero, ...alignment],
  store: [...simd.store64Lane, ...alignment, 0],
};
/** Where the number of elements is odd; the second lane is computed from zeros, and forgotten. */
const single: Access = {
  load: [...simd.load32Zero, ...alignment],
  store: [...simd.store32Lane, ...alignment, 0],
};

class Code {
  readonly #vectors: readonly string[];
  readonly #numbers: readonly string[];
  readonly #assignments: readonly Assignment[];
  readonly #written: readonly boolean[];
  readonly #parameters: number[];
  readonly #locals: number[] = [];
  /** Locals of the names' values, and of the literal numbers'. */
  readonly #places = new Map<string | number, number>();

  constructor(
    vectors: readonly string[],
    numbers: readonly string[],
    assignments: readonly Assignment[],
    written: readonly boolean[],
  ) {
    this.#vectors = vectors;
    this.#numbers = numbers;
    this.#assignments = assignments;
    this.#written = written;
    this.#parameters = [i32, ...vectors.map(() => i32), ...numbers.map(() => f64)];
  }

  whole(): WasmFunction {
    const count = 0;
    const [at, end] = [this.#local(i32), this.#local(i32)];
    const pairs = this.#pass(at, pair);
    const rest = this.#pass(at, single);
    const code = [
      ...this.#spread(),
      // A pair is eight bytes.
      ...[...get(count), ...constant(-2), ...op.and, ...constant(2), ...op.shiftLeft, ...set(end)],
      ...[...get(end), ...op.if, ...op.loop],
      ...pairs,
      ...[...get(at), ...constant(8), ...op.add, ...tee(at)],
      ...[...get(end), ...op.lessUnsigned, ...op.repeatIf, ...op.end, ...op.end],
      ...[...get(count), ...constant(1), ...op.and, ...op.if, ...rest, ...op.end],
    ];
    return { parameters: this.#parameters, locals: this.#locals, code };
  }

  /** Numbers into both lanes, once for all elements. */
  #spread(): number[] {
    const given = this.#numbers.flatMap((name, index) => [
      ...get(1 + this.#vectors.length + index),
      ...simd.splat,
      ...set(this.#place(name)),
    ]);
    const literals = [...this.#places].flatMap(([value, place]) =>
      typeof value === "number" ? [...splat(value), ...set(place)] : [],
    );
    return [...given, ...literals];
  }

  /** Reads, computes and writes what is `at` bytes from the beginnings of the vectors. */
  #pass(at: number, { load, store }: Access): number[] {
    const address = (vector: number) => [...get(1 + vector), ...get(at), ...op.add];
    const read = this.#vectors.flatMap((name, vector) => [
      ...[...address(vector), ...load, ...simd.promote, ...set(this.#place(name))],
    ]);
    const compute = this.#assignments.flatMap(({ name, value }) => [
      ...this.#expression(value),
      ...set(this.#place(name)),
    ]);
    const write = this.#vectors.flatMap((name, vector) =>
      this.#written[vector]
        ? [...address(vector), ...get(this.#place(name)), ...simd.demote, ...store]
        : [],
    );
    return [...read, ...compute, ...write];
  }

  #expression(expression: Expression): number[] {
    if (expression.kind === "number") return get(this.#place(expression.value));
    if (expression.kind === "name") return get(this.#place(expression.name));
    const of = expression.of.map((operand) => this.#expression(operand));
    return operations[expression.operation](of, (value) => get(this.#place(value)));
  }

  #place(name: string | number): number {
    const known = this.#places.get(name);
    if (known !== undefined) return known;
    const place = this.#local(v128);
    this.#places.set(name, place);
    return place;
  }

  #local(type: number): number {
    return this.#parameters.length + this.#locals.push(type) - 1;
  }
}
