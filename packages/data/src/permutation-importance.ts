/**
 * How much worse the labels of some rows are guessed once a feature's values are shuffled among them (Breiman,
 * 2001; Fisher, Rudin and Dominici, 2019). Guesses are those of the five nearest of the other rows (Fix and
 * Hodges, 1951), over standardised features: that sees what a linear model does not, and needs no training.
 *
 * What is guessed well is 1, as by the mean alone 0: the share of the variance that is explained, which of
 * classes is the share of the Gini impurity. A feature that tells nothing is worth about 0, or less by chance.
 * At most two thousand rows are looked at, evenly spread: the work grows with their square.
 */
import { setImmediate } from "node:timers/promises";
import { hashKey, permutation } from "@amaas/random";
import type { Labels } from "./dataset.ts";
import { faultyData } from "./limits.ts";
import type { Blocks } from "./selection.ts";
import { standardised } from "./statistics.ts";

const mostRows = 2000;
const mostFeatures = 2048;
const neighbours = 5;
const shuffles = 3;

export async function permutationImportance(
  blocks: Blocks,
  width: number,
  labels: Labels,
): Promise<Float64Array> {
  if (width > mostFeatures)
    throw faultyData(
      "features.select.by",
      `permutation shuffles each feature, at most ${mostFeatures}, found ${width}; wanted variance or mutual-information`,
    );
  const rows = labels.kind === "none" ? 0 : labels.values.length;
  const worth = new Float64Array(width);
  if (rows <= 2 * neighbours) return worth;
  const sample = await sampleOf(blocks, width, rows);
  const guesses = new Guesses(sample, targetsOf(labels, sample.rows));
  const before = guesses.score();
  for (let column = 0; column < width; column++)
    for (let turn = 0; turn < shuffles; turn++) {
      // Of two thousand features this takes half a minute: others get their turn in between.
      await setImmediate();
      const after = guesses.scoreShuffled(
        column,
        permutation(hashKey(column, turn), guesses.asked),
      );
      worth[column]! += (before - after) / shuffles;
    }
  return worth;
}

interface Sample {
  /** Column by column, standardised. */
  readonly columns: readonly Float64Array[];
  /** Where they are in the training rows. */
  readonly rows: readonly number[];
}

async function sampleOf(blocks: Blocks, width: number, rows: number): Promise<Sample> {
  const count = Math.min(rows, mostRows);
  const chosen = Array.from({ length: count }, (_, at) => Math.floor((at * rows) / count));
  const columns = Array.from({ length: width }, () => new Float32Array(count));
  let row = 0;
  let taken = 0;
  for await (const block of blocks())
    for (let at = 0; at < block.length; at += width, row++) {
      if (chosen[taken] !== row) continue;
      for (const [column, values] of columns.entries()) values[taken] = block[at + column]!;
      taken++;
    }
  return { columns: columns.map(standardised), rows: chosen };
}

/** What is to be guessed: the number, or of every class whether it is that one. */
function targetsOf(labels: Labels, rows: readonly number[]): readonly Float64Array[] {
  if (labels.kind === "none") return [];
  const { values } = labels;
  if (labels.kind === "value") return [Float64Array.from(rows, (row) => values[row]!)];
  return labels.classes.map((_, kind) =>
    Float64Array.from(rows, (row) => Number(values[row] === kind)),
  );
}

/** Every other row is asked about, and guessed by those between. */
class Guesses {
  readonly asked: number;
  readonly #known: number;
  readonly #columns: readonly Float64Array[];
  readonly #targets: readonly Float64Array[];
  /** Of each target. */
  readonly #means: readonly number[];
  /** Squared, of each asked row to each known one. */
  readonly #distances: Float64Array;
  /** Of the row that is being asked about. */
  readonly #near = new Int32Array(neighbours);
  readonly #row: Float64Array;

  constructor({ columns, rows }: Sample, targets: readonly Float64Array[]) {
    this.asked = Math.ceil(rows.length / 2);
    this.#known = rows.length - this.asked;
    this.#columns = columns;
    this.#targets = targets;
    this.#means = targets.map(
      (target) => target.reduce((sum, value) => sum + value, 0) / target.length,
    );
    this.#distances = new Float64Array(this.asked * this.#known);
    this.#row = new Float64Array(this.#known);
    for (const values of columns)
      for (let asked = 0, at = 0; asked < this.asked; asked++)
        for (let known = 0; known < this.#known; known++, at++) {
          const apart = values[2 * asked]! - values[2 * known + 1]!;
          this.#distances[at]! += apart * apart;
        }
  }

  score(): number {
    return this.#score((asked) => this.#row.set(this.#distancesOf(asked)));
  }

  /** With one feature of an asked row taken from another one. */
  scoreShuffled(column: number, other: (asked: number) => number): number {
    const values = this.#columns[column]!;
    return this.#score((asked) => {
      const own = values[2 * asked]!;
      const given = values[2 * other(asked)]!;
      const distances = this.#distancesOf(asked);
      for (let known = 0; known < this.#known; known++) {
        const value = values[2 * known + 1]!;
        this.#row[known] =
          distances[known]! + (given - value) * (given - value) - (own - value) * (own - value);
      }
    });
  }

  #distancesOf(asked: number): Float64Array {
    return this.#distances.subarray(asked * this.#known, (asked + 1) * this.#known);
  }

  /** 1 - |y - guess|^2 / |y - mean|^2, over all targets; 0 where nothing varies. */
  #score(measure: (asked: number) => void): number {
    let error = 0;
    let spread = 0;
    for (let asked = 0; asked < this.asked; asked++) {
      measure(asked);
      this.#findNearest();
      for (const [index, target] of this.#targets.entries()) {
        let guess = 0;
        for (const known of this.#near) guess += target[2 * known + 1]! / neighbours;
        const wanted = target[2 * asked]!;
        error += (wanted - guess) * (wanted - guess);
        spread += (wanted - this.#means[index]!) * (wanted - this.#means[index]!);
      }
    }
    return spread === 0 ? 0 : 1 - error / spread;
  }

  /** By insertion; of two that are as near, the first. */
  #findNearest(): void {
    const near = this.#near.fill(-1);
    const row = this.#row;
    for (let known = 0; known < row.length; known++) {
      let place = neighbours;
      while (place > 0 && (near[place - 1] === -1 || row[known]! < row[near[place - 1]!]!)) place--;
      if (place === neighbours) continue;
      near.copyWithin(place + 1, place, neighbours - 1);
      near[place] = known;
    }
  }
}
