/**
 * What else is done to whole vectors than updates: they are added, and their squares are summed. On vectors in a
 * kernel's memory, several elements at a time, where a loop in JavaScript converts each of them.
 *
 * Sums of squares are in float64, in several parts: a chain of additions would wait for each other. An element's place
 * says which part it is added to, so that the bits are those of any loop that does the same.
 */
import type { KernelMemory } from "./memory.ts";
import { constant, get, i32, op, set, simd, tee, v128, wasmModule } from "./wasm.ts";

type Run = (first: number, second: number, floats: number) => void;

export class VectorSums {
  readonly #memory: KernelMemory;
  /** The parts, where blocks are between two updates. */
  readonly #parts: Float64Array;
  readonly #add: Run;
  readonly #squares: Run;
  readonly #differences: Run;

  constructor(memory: KernelMemory) {
    const made = (code: readonly number[]): Run => {
      const module = new WebAssembly.Module(wasmModule({ parameters, locals, code }));
      const imports = { kernel: { memory: memory.memory } };
      return new WebAssembly.Instance(module, imports).exports.run;
    };
    this.#memory = memory;
    this.#parts = new Float64Array(memory.memory.buffer, 0, 4);
    this.#add = made(adding);
    this.#squares = made(squaring);
    this.#differences = made(differing);
  }

  /** left += right, in float32; false, and nothing done, where they are elsewhere. */
  addInto(left: Float32Array, right: Float32Array): boolean {
    if (!this.#memory.holds(left) || !this.#memory.holds(right)) return false;
    this.#add(left.byteOffset, right.byteOffset, left.length);
    return true;
  }

  /** Its squares, in parts by places modulo 4, but for the last up to three, which are in the first. */
  squares(values: Float32Array): number | undefined {
    if (!this.#memory.holds(values)) return undefined;
    this.#squares(values.byteOffset, values.byteOffset, values.length);
    const [a = 0, b = 0, c = 0, d = 0] = this.#parts;
    return a + b + (c + d);
  }

  /** The squares of what came after, and of what was added to what had been before; by places modulo 2. */
  squaresOfUpdate(
    after: Float32Array,
    before: Float32Array,
  ): { weights: number; update: number } | undefined {
    if (!this.#memory.holds(after) || !this.#memory.holds(before)) return undefined;
    this.#differences(after.byteOffset, before.byteOffset, after.length);
    const [a = 0, b = 0, c = 0, d = 0] = this.#parts;
    return { weights: a + b, update: c + d };
  }
}

const parameters = [i32, i32, i32];
const [first, second, floats, at, end] = [0, 1, 2, 3, 4];
/** Two sums, and a value at work. */
const [one, two, value] = [5, 6, 7];
const locals = [i32, i32, v128, v128, v128];
/** An element's; memory is never wanted at another. */
const alignment = 2;

const address = (vector: number) => [...get(vector), ...get(at), ...op.add];
const pair = (vector: number, offset = 0) => [
  ...[...address(vector), ...simd.load64Zero, alignment, offset, ...simd.promote],
];
/** The second lane is 0, and adds nothing to a sum of squares. */
const single = (vector: number) => [
  ...[...address(vector), ...simd.load32Zero, alignment, 0, ...simd.promote],
];

/** As long as a whole turn is left. */
function loop(turn: readonly number[], elements: number): number[] {
  return [
    ...[...get(floats), ...constant(-elements), ...op.and, ...constant(2), ...op.shiftLeft],
    ...[...set(end), ...get(at), ...get(end), ...op.lessUnsigned, ...op.if, ...op.loop],
    ...turn,
    ...[...get(at), ...constant(4 * elements), ...op.add, ...tee(at)],
    ...[...get(end), ...op.lessUnsigned, ...op.repeatIf, ...op.end, ...op.end],
  ];
}

const fourAdded = [
  ...[...address(first), ...address(first), ...simd.load, alignment, 0],
  ...[...address(second), ...simd.load, alignment, 0, ...simd.addFloats],
  ...[...simd.store, alignment, 0],
];
const oneAdded = [
  ...[...address(first), ...address(first), ...simd.load32Zero, alignment, 0],
  ...[...address(second), ...simd.load32Zero, alignment, 0, ...simd.addFloats],
  ...[...simd.store32Lane, alignment, 0, 0],
];
const adding = [...loop(fourAdded, 4), ...loop(oneAdded, 1)];

/** The square of what `code` leaves, into a sum; it stays in `value`. */
const squareInto = (sum: number, code: readonly number[]) => [
  ...[...code, ...tee(value), ...get(value), ...simd.multiply],
  ...[...get(sum), ...simd.add, ...set(sum)],
];
const told = [
  ...[...constant(0), ...get(one), ...simd.store, alignment, 0],
  ...[...constant(0), ...get(two), ...simd.store, alignment, 16],
];
const squaring = [
  ...loop([...squareInto(one, pair(first)), ...squareInto(two, pair(first, 8))], 4),
  ...loop(squareInto(one, single(first)), 1),
  ...told,
];

const difference = (of: typeof single) => [
  ...squareInto(one, of(first)),
  ...squareInto(two, [...get(value), ...of(second), ...simd.subtract]),
];
const differing = [...loop(difference(pair), 2), ...loop(difference(single), 1), ...told];
