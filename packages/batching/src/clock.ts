/**
 * Time, as it is handed in: tests bring a clock that they move themselves.
 *
 * Waits are measured on a clock that nobody sets; deadlines come in the time of day and are turned
 * into it once, when a request is submitted.
 */
export interface Clock {
  /** Milliseconds since some moment, with fractions; never goes back. */
  now(): number;
  /** Milliseconds since the epoch. */
  timeOfDay(): number;
  /** Calls `ring` once, after `ms` or a little later; the function that is returned stops it. */
  setTimer(ms: number, ring: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  timeOfDay: () => Date.now(),
  setTimer(ms, ring) {
    if (ms < 1) return soon(performance.now() + ms, ring);
    const timer = setTimeout(ring, ms);
    return () => clearTimeout(timer);
  },
};

/** Timers know whole milliseconds only; below one, the event loop is asked in each of its rounds. */
function soon(at: number, ring: () => void): () => void {
  const look = () => {
    if (performance.now() >= at) ring();
    else next = setImmediate(look);
  };
  let next = setImmediate(look);
  return () => clearImmediate(next);
}
