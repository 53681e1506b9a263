/** What is told of a job step by step: its loss, and other figures, each a curve with a name. */
import { Curve } from "./curve.ts";

/** The curve that every job has. */
export const lossCurve = "loss";

/** Consecutive values of a curve. */
export interface Piece {
  readonly name: string;
  readonly first: number;
  readonly values: Float64Array<ArrayBuffer>;
}

export class Curves {
  readonly #curves = new Map([[lossCurve, new Curve()]]);

  /** How far a curve has come, by name. */
  lengths(): ReadonlyMap<string, number> {
    return new Map([...this.#curves].map(([name, { length }]) => [name, length]));
  }

  /** Takes in what follows on what is known, or repeats it; false where values before are missing. */
  merge({ name, first, values }: Piece): boolean {
    const curve = this.#curves.get(name) ?? new Curve();
    this.#curves.set(name, curve);
    return curve.merge(first, values);
  }

  /** Forgets the steps from `length` on. */
  truncate(length: number): void {
    for (const curve of this.#curves.values()) curve.truncate(length);
  }

  /** Of each curve what comes from `first` on, at most so many values. */
  pieces(first: (name: string) => number, most = Number.POSITIVE_INFINITY): Piece[] {
    return [...this.#curves].flatMap(([name, curve]) => {
      const from = Math.min(first(name), curve.length);
      const values = curve.slice(from, from + most);
      return values.length === 0 ? [] : [{ name, first: from, values }];
    });
  }
}
