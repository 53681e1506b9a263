/** Work that is asked for again and again: one at a time, and what is asked meanwhile is done once. */
export class OnceMore {
  readonly #work: () => Promise<void>;
  #working: Promise<void> | undefined;
  #again = false;

  /** `work` handles its own errors. */
  constructor(work: () => Promise<void>) {
    this.#work = work;
  }

  ask(): void {
    if (this.#working) {
      this.#again = true;
      return;
    }
    this.#again = false;
    this.#working = this.#work().finally(() => {
      this.#working = undefined;
      if (this.#again) this.ask();
    });
  }

  /** Resolves when nothing is being done or asked for. */
  async settled(): Promise<void> {
    while (this.#working) await this.#working;
  }
}
