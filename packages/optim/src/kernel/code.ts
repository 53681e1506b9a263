/**
 * The instructions of a kernel: a loop over all elements, two doubles at a time.
 *
 * Two pairs are computed side by side, operation by operation: a processor has only so many instructions in
 * sight, and finds more among them that need not wait for each other; and the numbers that are the same for all
 * elements, more than there are registers, are fetched once for both. A turn of the loop is two such groups.
 */
import type { Assignment, Expression } from "./formula.ts";
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
} from "./wasm.ts";

/** How elements are read and written, from an offset to an address. */
interface Access {
  readonly load: readonly number[];
  readonly store: readonly number[];
}

/** Memory is never wanted at another alignment than an element's; the store is of the first lane. */
const alignment = 2;
const pair = (offset: number): Access => ({
  load: [...simd.load64Zero, alignment, offset],
  store: [...simd.store64Lane, alignment, offset, 0],
});
/** The second lane is computed from zeros, and forgotten. */
const single: Access = {
  load: [...simd.load32Zero, alignment, 0],
  store: [...simd.store32Lane, alignment, 0, 0],
};

/** Groups of what is computed side by side. */
const eight = [
  [pair(0), pair(8)],
  [pair(16), pair(24)],
];
const one = [[single]];

export class Code {
  readonly #vectors: readonly string[];
  readonly #numbers: readonly string[];
  readonly #assignments: readonly Assignment[];
  readonly #written: readonly boolean[];
  readonly #parameters: number[];
  readonly #locals: number[] = [];
  /** Locals of the names' values, and of the literal numbers. */
  readonly #places = new Map<string, number>();
  readonly #literals = new Map<number, number>();

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
    const [eights, ones] = [this.#loop(at, end, eight, 8), this.#loop(at, end, one, 1)];
    const code = [
      ...this.#spread(),
      // An element is four bytes.
      ...[...get(count), ...constant(-8), ...op.and, ...constant(2), ...op.shiftLeft, ...set(end)],
      ...eights,
      ...[...get(count), ...constant(2), ...op.shiftLeft, ...set(end)],
      ...ones,
    ];
    return { parameters: this.#parameters, locals: this.#locals, code };
  }

  /** From `at` to `end`, so many elements in a turn; `at` is left there. */
  #loop(at: number, end: number, groups: readonly Access[][], elements: number): number[] {
    const turn = groups.flatMap((group) => this.#pass(at, group));
    return [
      ...[...get(at), ...get(end), ...op.lessUnsigned, ...op.if, ...op.loop],
      ...turn,
      ...[...get(at), ...constant(4 * elements), ...op.add, ...tee(at)],
      ...[...get(end), ...op.lessUnsigned, ...op.repeatIf, ...op.end, ...op.end],
    ];
  }

  /** Numbers into both lanes, once for all elements. */
  #spread(): number[] {
    const given = this.#numbers.flatMap((name, index) => [
      ...get(1 + this.#vectors.length + index),
      ...simd.splat,
      ...set(this.#place(name)),
    ]);
    const literals = [...this.#literals].flatMap(([value, place]) => [
      ...splat(value),
      ...set(place),
    ]);
    return [...given, ...literals];
  }

  /** Reads, computes and writes what is `at` bytes from the beginnings of the vectors, side by side. */
  #pass(at: number, group: readonly Access[]): number[] {
    const address = (vector: number) => [...get(1 + vector), ...get(at), ...op.add];
    const beside = (code: (access: Access, side: number) => number[]) => group.flatMap(code);
    const read = this.#vectors.flatMap((name, vector) =>
      beside(({ load }, side) => [
        ...[...address(vector), ...load, ...simd.promote, ...set(this.#place(name, side))],
      ]),
    );
    const compute = this.#assignments.flatMap(({ name, value }) =>
      beside((_, side) => [...this.#expression(value, side), ...set(this.#place(name, side))]),
    );
    const write = this.#vectors.flatMap((name, vector) =>
      beside(({ store }, side) =>
        this.#written[vector]
          ? [...address(vector), ...get(this.#place(name, side)), ...simd.demote, ...store]
          : [],
      ),
    );
    return [...read, ...compute, ...write];
  }

  #expression(expression: Expression, side: number): number[] {
    if (expression.kind === "number") return get(this.#literal(expression.value));
    if (expression.kind === "name") return get(this.#place(expression.name, side));
    const of = expression.of.map((operand) => this.#expression(operand, side));
    return operations[expression.operation](of, (value) => get(this.#literal(value)));
  }

  /** Of a name's value; a number has but one. */
  #place(name: string, side = 0): number {
    return this.#kept(this.#places, this.#numbers.includes(name) ? name : `${name} ${side}`);
  }

  #literal(value: number): number {
    return this.#kept(this.#literals, value);
  }

  #kept<Key>(places: Map<Key, number>, key: Key): number {
    const known = places.get(key);
    if (known !== undefined) return known;
    const place = this.#local(v128);
    places.set(key, place);
    return place;
  }

  #local(type: number): number {
    return this.#parameters.length + this.#locals.push(type) - 1;
  }
}
