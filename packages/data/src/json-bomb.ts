/**
 * Refuses JSON that would take far more memory than its size tells, before it is parsed: brackets
 * within brackets, or many millions of empty ones.
 */
import { faultyData, holdTo, type Limits } from "./limits.ts";

/** An array of objects takes two; what lies deeper is no cell, but is told apart from a bomb. */
const maxDepth = 32;
/** Each takes some fifty bytes before it holds anything. */
const maxBrackets = 10_000_000;

const quote = 0x22;
const backslash = 0x5c;
const opening: ReadonlySet<number> = new Set([0x5b, 0x7b]);
const closing: ReadonlySet<number> = new Set([0x5d, 0x7d]);

export function refuseJsonBomb(field: string, bytes: Uint8Array, limits: Limits): void {
  let depth = 0;
  let brackets = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === quote) at = endOfText(bytes, at);
    else if (closing.has(byte)) depth--;
    else if (opening.has(byte)) {
      depth++;
      brackets++;
      if (depth > maxDepth) throw faultyData(field, `found nesting deeper than ${maxDepth}`);
    }
  }
  holdTo(Math.min(limits.rows + 1, maxBrackets), brackets, field, "arrays and objects");
}

/** Position of the quote that ends the text which begins at `start`. */
function endOfText(bytes: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < bytes.length && bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1;
  return at;
}
