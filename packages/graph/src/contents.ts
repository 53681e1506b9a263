/**
 * How much is known of the elements of all values together. Lists of sizes and axes are short and few; many long
 * ones, made from each other by a file of no size, could fill the memory. What goes beyond is not refused, only
 * not known.
 */
import type { Known } from "./infer.ts";

const mostElements = 2 ** 23;

export class Contents {
  #left = mostElements;

  /** A value that is to be remembered: without its content, where there has been too much. */
  keep(known: Known): Known {
    this.#left -= known.content?.length ?? 0;
    return this.look(known);
  }

  /** A value to be looked at, so that no more is made of contents once there has been too much. */
  look<K extends Known>(known: K): K {
    return this.#left >= 0 || !known.content ? known : { ...known, content: undefined };
  }
}
