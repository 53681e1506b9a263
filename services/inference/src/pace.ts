/**
 * How fast something happens lately: a mean over the last ten seconds or so, in which what is older
 * counts less and less. It is brought up to date once a second from a count that is kept anyway, so that
 * what happens pays nothing for it.
 */
const span = 10;

export class PaceMeter {
  #rate = 0;
  #last = 0;
  #seen = false;

  /** A second. */
  get rate(): number {
    return this.#rate;
  }

  /** `count` is how often it has happened so far, `seconds` since it was last told. */
  tell(count: number, seconds: number): void {
    if (seconds <= 0) return;
    const now = (count - this.#last) / seconds;
    this.#last = count;
    // A mean that starts at nothing would take ten seconds to be worth something.
    const share = this.#seen ? 1 - Math.exp(-seconds / span) : 1;
    this.#seen ||= count > 0;
    this.#rate += (now - this.#rate) * share;
    if (this.#rate < 1e-6) this.#rate = 0;
  }
}
