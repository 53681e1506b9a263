/**
 * Inputs to try a model with, made of its signature alone: the same for the same signature every time.
 *
 * Random numbers lie in (0, 1), which logarithms and roots can take; whole numbers are 0 and 1, which are
 * indices into almost any table. Texts are digits, since a model may read numbers from them. Sizes that the
 * model leaves open are the caller's guess.
 */
import type { ValueSpec } from "@amaas/engine";
import { uniform } from "@amaas/random";
import {
  arrayClass,
  type DataType,
  elementCount,
  type Tensor,
  type TensorData,
} from "@amaas/tensor";
import type { Feeds } from "./request.ts";
import { wireShape } from "./shape.ts";

/** What can be tried: a session on this thread or elsewhere. */
export interface Runnable {
  readonly inputs: readonly ValueSpec[];
  readonly outputs: readonly ValueSpec[];
  run(feeds: Feeds): Promise<Readonly<Record<string, Tensor>>>;
}

export interface TrialSizes {
  /** Of the first dimension of inputs that leave it open. */
  readonly rows: number;
  /** Of every other dimension that is open, unless it has the name of the first. */
  readonly open: number;
}

export type Contents = "zero" | "random" | "one";

/** A way to feed a model that it runs with. */
export interface Guess {
  readonly open: number;
  readonly contents: Contents;
}

/** Sizes that dimensions are guessed to have, where the model leaves them open. */
export const guesses = [1, 8, 32, 224] as const;

export function trialFeeds(
  inputs: readonly ValueSpec[],
  sizes: TrialSizes,
  contents: Contents = "zero",
): Feeds {
  const rows = rowsName(inputs);
  return Object.fromEntries(
    inputs.map((input, index) => {
      const shape = trialShape(input, sizes, rows);
      return [
        input.name,
        { type: input.type, shape, data: filled(input.type, shape, contents, index) },
      ];
    }),
  );
}

/** Whether there is a size to guess besides the number of rows. */
export function isGuessed(inputs: readonly ValueSpec[]): boolean {
  const rows = rowsName(inputs);
  return inputs.some(({ shape }) =>
    shape.some((size, axis) => axis > 0 && isOpen(size) && (rows === "?" || size !== rows)),
  );
}

/**
 * Whether all inputs and outputs begin with a dimension that is open, the inputs with the same one: where they
 * are named, what the names say. Outputs' names are often made up by who exported the model.
 */
export function hasRows({ inputs, outputs }: Pick<Runnable, "inputs" | "outputs">): boolean {
  const names = new Set(inputs.map(({ shape }) => shape[0]));
  return names.size <= 1 && [...inputs, ...outputs].every((value) => wireShape(value)[0] === -1);
}

export function filled(
  type: DataType,
  shape: readonly number[],
  contents: Contents,
  key = 0,
): TensorData {
  const count = elementCount(shape);
  if (type === "BYTES")
    return Array.from({ length: count }, (_, at) => (contents === "zero" ? "0" : String(at)));
  if (contents === "zero") return new (arrayClass(type))(count);
  return numbers(type, count, contents === "one" ? () => 0.5 : (at) => uniform([key, 0], at));
}

/** `draw` gives numbers from 0 up to 1. */
function numbers(
  type: Exclude<DataType, "BYTES">,
  count: number,
  draw: (at: number) => number,
): TensorData {
  const data = new (arrayClass(type))(count);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array)
    for (let at = 0; at < count; at++) data[at] = draw(at) < 0.5 ? 0n : 1n;
  else if (type === "FP32" || type === "FP64")
    for (let at = 0; at < count; at++) data[at] = Math.max(1e-3, draw(at));
  // Half floats from 0.5 to 1: their exponent is 14, their fraction random.
  else if (type === "FP16")
    for (let at = 0; at < count; at++) data[at] = 0x3800 + Math.floor(draw(at) * 0x400);
  else for (let at = 0; at < count; at++) data[at] = draw(at) < 0.5 ? 0 : 1;
  return data;
}

/**
 * Runs the model with one guess after the other until one goes well: contents matter to it as well as sizes, since
 * an index must lie in a table and a divisor must not be 0.
 *
 * @returns undefined where none goes well and sizes had to be guessed, which says little about the model; where they
 * had not, it throws what the model complained of first.
 */
export async function firstThatRuns(
  model: Runnable,
  rows: number,
  order: readonly Contents[] = ["random", "zero", "one"],
): Promise<(Guess & { readonly outputs: Readonly<Record<string, Tensor>> }) | undefined> {
  const isGuess = isGuessed(model.inputs);
  let complaint: unknown;
  for (const open of isGuess ? guesses : [1])
    for (const contents of order)
      try {
        const outputs = await model.run(trialFeeds(model.inputs, { rows, open }, contents));
        return { open, contents, outputs };
      } catch (error) {
        complaint ??= error;
      }
  if (isGuess) return undefined;
  throw complaint;
}

function trialShape({ shape }: ValueSpec, sizes: TrialSizes, rows: string): number[] {
  return shape.map((size, axis) => {
    if (!isOpen(size)) return size;
    return axis === 0 || (size !== "?" && size === rows) ? sizes.rows : sizes.open;
  });
}

/** The name of the first dimension, "?" where it has none. */
function rowsName(inputs: readonly ValueSpec[]): string {
  const first = inputs.find(({ shape: [rows] }) => typeof rows === "string")?.shape[0];
  return typeof first === "string" ? first : "?";
}

function isOpen(size: number | string): size is string {
  return typeof size === "string" || size < 0;
}
