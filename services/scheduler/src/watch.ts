/**
 * Who wants to know when something changes, by its name.
 *
 * A watcher is told that there is something new, not what: it reads the state again. Changes
 * while it is busy are told once.
 */

export interface Watch {
  /** Resolves with true after the next change, with false when there is nothing to wait for. */
  changed(): Promise<boolean>;
  close(): void;
}

export class Watchers {
  readonly #watches = new Map<string, Set<{ notify(): void; end(): void }>>();
  #closed = false;

  watch(name: string, signal: AbortSignal): Watch {
    let dirty = false;
    let ended = this.#closed || signal.aborted;
    let wake = () => {};
    const watch = {
      notify() {
        dirty = true;
        wake();
      },
      end() {
        ended = true;
        wake();
      },
    };
    const watches = this.#watches.get(name) ?? new Set();
    this.#watches.set(name, watches.add(watch));
    signal.addEventListener("abort", watch.end, { once: true });
    return {
      async changed() {
        while (!dirty && !ended) await new Promise<void>((resolve) => (wake = resolve));
        const told = dirty && !ended;
        dirty = false;
        return told;
      },
      close: () => {
        signal.removeEventListener("abort", watch.end);
        watches.delete(watch);
        if (watches.size === 0 && this.#watches.get(name) === watches) this.#watches.delete(name);
      },
    };
  }

  notify(name: string): void {
    for (const watch of this.#watches.get(name) ?? []) watch.notify();
  }

  /** Ends every watch, and those that are asked for later. */
  close(): void {
    this.#closed = true;
    for (const watches of this.#watches.values()) for (const watch of watches) watch.end();
  }
}
