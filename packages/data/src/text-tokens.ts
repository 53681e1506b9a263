/** What a text is taken apart into. Put together again, the tokens are the text. */
import type { TextSpec } from "@amaas/spec";
import { faultyData } from "./limits.ts";

type Kind = TextSpec["tokens"];

/** A word with the space in front of it, a number, a space, or any other character. */
const word = / ?\p{L}[\p{L}\p{M}\u2019']*| ?\p{N}+|\s|[^\s\p{L}\p{N}]/gu;

const kinds: { readonly [K in Kind]: (bytes: Uint8Array, field: string) => Iterable<string> } = {
  characters: (bytes, field) => decode(bytes, field),
  // Each byte as the character of its number, since what goes over the wire is text.
  *bytes(bytes) {
    for (const byte of bytes) yield String.fromCharCode(byte);
  },
  *words(bytes, field) {
    for (const [found] of decode(bytes, field).matchAll(word)) yield found;
  },
};

/** @throws DomainError invalid-argument where bytes that should be are no UTF-8. */
export function tokenize(bytes: Uint8Array, kind: Kind, field: string): Iterable<string> {
  return kinds[kind](bytes, field);
}

/** The text of tokens; of bytes it may end within a character. */
export function untokenize(tokens: readonly string[], kind: Kind): string {
  const joined = tokens.join("");
  return kind === "bytes" ? Buffer.from(joined, "latin1").toString("utf8") : joined;
}

function decode(bytes: Uint8Array, field: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw faultyData(field, "the file is no UTF-8, wanted it, or data.tokens: bytes");
  }
}
