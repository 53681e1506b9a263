/**
 * For services whose time goes into a few loops over large arrays: has them compiled well early.
 *
 * V8's middle compiler puts a short function with such a loop into its caller, and there it stays as that
 * compiler makes it, five times slower than the last one would, until the caller has been called
 * three thousand times: a job may be over before. Left apart, a loop is replaced while it runs.
 */
import { setFlagsFromString } from "node:v8";

/** Process-wide, worker threads included; for code that has not been compiled yet. */
export function compileLoopsApart(): void {
  setFlagsFromString("--no-maglev-inlining");
}
