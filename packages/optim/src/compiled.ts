/** The optimizer of a rule: its formulas compiled, and the memory in which they work. */
import { type Compiled, compile } from "./kernel/compile.ts";
import { Kernel } from "./kernel/kernel.ts";
import { KernelMemory } from "./kernel/memory.ts";
import { VectorSums } from "./kernel/vector-sums.ts";
import {
  checkRange,
  type Optimizer,
  type ParameterRange,
  type Scalars,
  type TensorSquares,
} from "./optimizer.ts";
import type { Phase, Rule } from "./rule.ts";

export function compiled(rule: Rule): Optimizer {
  const { slots, averages, scalars, advance } = rule;
  const names = ["w", "gradient", ...slots];
  const update = new CompiledPhase(rule.update, names);
  const direct = rule.direct && new CompiledPhase(rule.direct, names);
  let memory: KernelMemory | undefined;

  function moveTo(other: KernelMemory): void {
    memory = other;
    update.moveTo(other);
    direct?.moveTo(other);
  }

  function run(
    phase: CompiledPhase,
    range: ParameterRange,
    samples: number,
    scalars: Scalars,
    squares?: TensorSquares,
  ): void {
    if (!memory) moveTo(new KernelMemory(names.length));
    phase.run(range, samples, scalars, squares);
  }

  return {
    slots: slots.length,
    ...(averages && { averages }),
    scalars,
    advance,

    reserve(length, spare = 0) {
      const own = length * names.length;
      const withSpare = memoryFor(names.length, own + length * spare);
      const reserved = withSpare ?? memoryFor(names.length, own);
      if (reserved) moveTo(reserved);
      const take = () => reserved?.take(length) ?? new Float32Array(length);
      return {
        weights: take(),
        gradient: take(),
        slots: slots.map(take),
        spare: withSpare ? Array.from({ length: spare }, take) : [],
        ...(reserved && { sums: new VectorSums(reserved) }),
      };
    },

    ...(direct && {
      direct(range, samples, scalars) {
        checkRange(range, slots.length, samples);
        run(direct, range, samples, scalars);
      },
    }),

    update(range, samples, scalars, squares) {
      checkRange(range, slots.length, samples);
      if (averages && scalars.step === 1) range.slots.at(-1)?.set(range.weights);
      run(update, range, samples, scalars, squares);
    },
  };
}

function memoryFor(blocks: number, floats: number): KernelMemory | undefined {
  try {
    return new KernelMemory(blocks, floats);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

class CompiledPhase {
  readonly #phase: Phase;
  readonly #compiled: Compiled;
  /** Of its vectors, among all those of a range. */
  readonly #places: readonly number[];
  #kernel: Kernel | undefined;

  constructor(phase: Phase, names: readonly string[]) {
    this.#phase = phase;
    this.#compiled = compile(phase.formulas, names);
    this.#places = this.#compiled.vectors.map((name) => names.indexOf(name));
  }

  moveTo(memory: KernelMemory): void {
    this.#kernel = new Kernel(this.#compiled, memory);
  }

  run(
    { weights, gradient, slots }: ParameterRange,
    samples: number,
    scalars: Scalars,
    squares?: TensorSquares,
  ): void {
    const all = [weights, gradient, ...slots];
    const vectors = this.#places.flatMap((place) => all[place] ?? []);
    const numbers = { ...this.#phase.numbers(scalars, squares), scale: 1 / samples };
    this.#kernel?.run(vectors, numbers);
  }
}
