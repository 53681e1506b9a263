/**
 * Gathers what row graphs put out, block after block, into the outcomes of a split.
 *
 * A row is in one bin, one class and one pair of classes: what it adds to all the others is 0 and is not
 * kept, so that a row costs as much with a thousand classes as with two, but for its probabilities.
 */
import { DomainError } from "@amaas/errors";
import { type Measures, type SumGroup, sumsOf } from "@amaas/metrics";
import type { Outcomes } from "./outcomes.ts";

/** Output of a row graph, by name: [batch, length], row after row. */
export type RowOutputs = Readonly<Record<string, ArrayLike<number>>>;

interface Group extends SumGroup {
  /** Place of its first sum. */
  readonly from: number;
}

/** Which sum of the group a row of this actual and predicted class counts in, if any. */
type Count = (actual: number, predicted: number, classes: number) => number | undefined;

const counts: Readonly<Record<string, Count>> = {
  confusion: (actual, predicted, classes) => actual * classes + predicted,
  actual: (actual) => actual,
  predicted: (_, predicted) => predicted,
  hits: (actual, predicted) => (actual === predicted ? actual : undefined),
};

export class OutcomeCollector {
  readonly #measures: Measures;
  readonly #groups: readonly Group[];
  readonly #classes: number;
  readonly #starts: number[] = [0];
  readonly #places: number[] = [];
  readonly #parts: number[] = [];
  readonly #labels: Int32Array;
  readonly #predicted: Int32Array;
  readonly #probabilities: Float32Array;

  /** Of so many rows. */
  constructor(measures: Measures, rows: number) {
    this.#measures = measures;
    let from = 0;
    this.#groups = sumsOf(measures).map(({ name, length }) => {
      const group = { name, length, from };
      from += length;
      return group;
    });
    const classes = measures.task === "classification" ? measures.classes : 0;
    this.#classes = classes;
    this.#labels = new Int32Array(classes === 0 ? 0 : rows);
    this.#predicted = new Int32Array(this.#labels.length);
    this.#probabilities = new Float32Array(rows * classes);
  }

  /** The first `rows` rows of a block; what follows them is padding. */
  add(rows: number, labels: ArrayLike<number>, outputs: RowOutputs): void {
    for (let row = 0; row < rows; row++) this.#addRow(row, labels[row] ?? 0, outputs);
  }

  finish(): Outcomes {
    return {
      measures: this.#measures,
      rows: this.#starts.length - 1,
      starts: Uint32Array.from(this.#starts),
      places: Uint32Array.from(this.#places),
      parts: Float64Array.from(this.#parts),
      labels: this.#labels,
      predicted: this.#predicted,
      probabilities: this.#probabilities,
    };
  }

  #addRow(row: number, label: number, outputs: RowOutputs): void {
    const place = this.#starts.length - 1;
    const said = outputs.class?.[row] ?? 0;
    for (const { name, length, from } of this.#groups) {
      const count = counts[name];
      if (count) {
        const at = count(label, said, this.#classes);
        if (at !== undefined) this.#part(from + at, 1);
        continue;
      }
      const values = outputs[name];
      if (!values) throw missing(name);
      for (let at = 0; at < length; at++) this.#part(from + at, values[row * length + at] ?? 0);
    }
    this.#starts.push(this.#places.length);
    if (this.#classes > 0) this.#addClass(place, row, label, said, outputs.probabilities);
  }

  #part(place: number, value: number): void {
    if (value === 0) return;
    this.#places.push(place);
    this.#parts.push(value);
  }

  #addClass(
    place: number,
    row: number,
    label: number,
    said: number,
    probabilities: ArrayLike<number> | undefined,
  ): void {
    if (!probabilities) throw missing("probabilities");
    this.#labels[place] = label;
    this.#predicted[place] = said;
    for (let index = 0; index < this.#classes; index++)
      this.#probabilities[place * this.#classes + index] =
        probabilities[row * this.#classes + index] ?? 0;
  }
}

function missing(name: string): DomainError {
  return new DomainError("invalid-argument", `found no ${name} of the rows, wanted it`);
}
