/**
 * How long a run of a version takes, learned from its runs.
 *
 * It falls fast and rises slowly: a run that was slow because something else had the processor must
 * not make the next requests be refused.
 */
export class RunTime {
  #ms = 0;

  get expectedMs(): number {
    return this.#ms;
  }

  ran(ms: number): void {
    if (this.#ms === 0) this.#ms = ms;
    else this.#ms += (ms - this.#ms) * (ms < this.#ms ? 0.5 : 0.05);
  }
}
