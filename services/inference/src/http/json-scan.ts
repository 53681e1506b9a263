/**
 * Whether JSON is worth reading: what it is made of is counted before anything is made of it.
 *
 * Reading holds up everybody, and what it takes goes by the values and not by the bytes: 4 MiB of numbers
 * take 30 ms, of names that are never the same a second. A tensor has any number of numbers, and few names.
 */
import { DomainError } from "@amaas/errors";

/** Text up to here is read in some ten milliseconds whatever it is. */
const smallBytes = 2 ** 18;

const most = { depth: 128, arrays: 2 ** 20, objects: 2 ** 15, strings: 2 ** 18 };

const code = (text: string) => text.charCodeAt(0);
const quote = code('"');
const backslash = code("\\");

/** Longer strings are left to the native search. */
const shortString = 64;

/** @throws invalid-argument naming what there is too much of; what is no JSON is for its reader to tell. */
export function checkModest(bytes: Uint8Array, what: string): void {
  if (bytes.byteLength <= smallBytes) return;
  const [open, close, begin, end, colon] = ["[", "]", "{", "}", ":"].map(code);
  let [depth, arrays, objects, strings] = [0, 0, 0, 0];
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === quote) {
      at = endOfString(bytes, at + 1);
      if (++strings > most.strings) throw tooMany(what, "strings", most.strings);
      continue;
    }
    if (byte === close || byte === end) depth--;
    else if (byte === open || byte === begin) {
      if (++depth > most.depth) throw tooMany(what, "levels", most.depth);
      if (byte === open && ++arrays > most.arrays) throw tooMany(what, "arrays", most.arrays);
    }
    if ((byte === begin || byte === colon) && ++objects > most.objects)
      throw tooMany(what, "objects and members of objects", most.objects);
  }
}

/** The place of its closing quote. */
function endOfString(bytes: Uint8Array, from: number): number {
  let at = from;
  for (const near = Math.min(bytes.length, from + shortString); at < near; at++) {
    if (bytes[at] === quote) return at;
    if (bytes[at] === backslash) at++;
  }
  for (;;) {
    const found = bytes.indexOf(quote, at);
    if (found < 0) return bytes.length;
    let escapes = 0;
    while (found - escapes > at && bytes[found - escapes - 1] === backslash) escapes++;
    if (escapes % 2 === 0) return found;
    at = found + 1;
  }
}

function tooMany(what: string, kind: string, limit: number): DomainError {
  return new DomainError(
    "invalid-argument",
    `${what} has more than ${limit} ${kind} of JSON in more than ${smallBytes} bytes; send tensors as binary data`,
  );
}
