/**
 * Error lines that a caller can cause as often as they please, for instance by data that a model cannot run: of each
 * kind some at once and then one every few seconds, so that nobody fills a disk with them. The next line that is
 * written tells how many were left out.
 */
import type { Fields, Logger } from "./logger.ts";

const atOnce = 20;
const everyMs = 3_000;

interface Kind {
  /** Lines that may be written, at `at`. */
  left: number;
  at: number;
  leftOut: number;
}

export class SparingLog {
  readonly #log: Pick<Logger, "error">;
  readonly #kinds = new Map<string, Kind>();

  constructor(log: Pick<Logger, "error">) {
    this.#log = log;
  }

  /** `kind` is one of few, none that a caller makes up; `fields` is called for lines that are written. */
  error(kind: string, message: string, fields: () => Fields): void {
    const now = performance.now();
    const known = this.#kinds.get(kind) ?? { left: atOnce, at: now, leftOut: 0 };
    this.#kinds.set(kind, known);
    known.left = Math.min(atOnce, known.left + (now - known.at) / everyMs);
    known.at = now;
    if (known.left < 1) {
      known.leftOut++;
      return;
    }
    const { leftOut } = known;
    known.left--;
    known.leftOut = 0;
    this.#log.error(message, { ...fields(), ...(leftOut > 0 && { leftOut }) });
  }
}
