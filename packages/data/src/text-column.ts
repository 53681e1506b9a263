/**
 * A column of texts as numbers into a list of the different ones: a name that a million rows have is
 * kept once, and a row takes two or four bytes.
 */
import { holdTo, type Limits } from "./limits.ts";

export class TextColumn implements Iterable<string> {
  /** The different texts, in order of appearance. */
  readonly texts: string[] = [];
  /** By row: the place in `texts`. */
  codes: Uint16Array | Uint32Array;
  readonly #places = new Map<string, number>();
  readonly #field: string;
  readonly #limit: number;
  #characters = 0;

  constructor(rows: number, field: string, limits: Limits) {
    this.codes = new Uint16Array(rows);
    this.#field = field;
    this.#limit = limits.characters;
  }

  set(row: number, text: string): void {
    let place = this.#places.get(text);
    if (place === undefined) {
      place = this.texts.length;
      this.#characters += text.length;
      holdTo(this.#limit, this.#characters, this.#field, "characters in different texts");
      this.#places.set(text, place);
      this.texts.push(text);
      if (place > 0xffff && this.codes instanceof Uint16Array)
        this.codes = Uint32Array.from(this.codes);
    }
    this.codes[row] = place;
  }

  get(row: number): string {
    return this.texts[this.codes[row] ?? -1] ?? "";
  }

  /** Forgets the rows from `rows` on. */
  truncate(rows: number): void {
    this.codes = this.codes.subarray(0, rows);
  }

  *[Symbol.iterator](): Generator<string> {
    for (let row = 0; row < this.codes.length; row++) yield this.get(row);
  }
}
