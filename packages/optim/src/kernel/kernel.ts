/** Compiled formulas at work on vectors, wherever these are. */
import type { Compiled } from "./compile.ts";
import { BLOCK_LENGTH, type KernelMemory } from "./memory.ts";

/** What names in formulas stand for that are no vectors. */
export type Numbers = Readonly<Record<string, number>>;

export class Kernel {
  readonly #compiled: Compiled;
  readonly #memory: KernelMemory;
  readonly #run: (...values: number[]) => void;

  /** The memory has a block for each of the formulas' vectors. */
  constructor(compiled: Compiled, memory: KernelMemory) {
    this.#compiled = compiled;
    this.#memory = memory;
    const imports = { kernel: { memory: memory.memory } };
    this.#run = new WebAssembly.Instance(compiled.module, imports).exports.run;
  }

  /**
   * Computes the formulas for all elements of these vectors, which are as long as each other and in the order in
   * which they were compiled. Those in the kernel's memory are read and written where they are, others copied
   * there and back, block by block.
   */
  run(vectors: readonly Float32Array[], numbers: Numbers): void {
    const values = this.#compiled.numbers.map((name) => {
      const value = numbers[name];
      if (value === undefined) throw new Error(`nobody says what ${name} is`);
      return value;
    });
    const length = vectors[0]?.length ?? 0;
    const memory = this.#memory;
    const block = vectors.every((vector) => memory.holds(vector)) ? length : BLOCK_LENGTH;
    for (let from = 0; from < length; from += block)
      this.#pass(vectors, from, Math.min(from + block, length), values);
  }

  #pass(vectors: readonly Float32Array[], from: number, to: number, values: number[]): void {
    const { written } = this.#compiled;
    const memory = this.#memory;
    const addresses = vectors.map((vector, place) => {
      if (memory.holds(vector)) return vector.byteOffset + from * 4;
      const block = memory.block(place);
      block.set(vector.subarray(from, to));
      return block.byteOffset;
    });
    this.#run(to - from, ...addresses, ...values);
    vectors.forEach((vector, place) => {
      if (written[place] && !memory.holds(vector))
        vector.set(memory.block(place).subarray(0, to - from), from);
    });
  }
}
