/** The memory that reading one file may take. What goes beyond it is refused before it is allocated. */
import { misfit } from "./misfit.ts";

export class Budget {
  readonly #limit: number;
  #spent = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get spent(): number {
    return this.#spent;
  }

  spend(memory: number): void {
    this.#spent += memory;
    if (this.#spent > this.#limit)
      misfit(`decoding would take more than the ${this.#limit} bytes of memory allowed`);
  }
}
